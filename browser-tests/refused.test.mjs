// A page that its server does not let play is told so. A browser says nothing of the answer to a WebSocket; the kit asks again plainly.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/processes.mjs";
import { setStage } from "./support/stage.mjs";

const stage = setStage(() => startServer("--allowed-origins", "https://elsewhere.example"), openBrowser);

/** What `connect` of the server's kit says on a page at `address`; and what a plain request gives there: a status, or null. */
async function tell(address) {
  const page = await stage.browser.newPage();
  await page.goto(address);
  const { page: host, play } = stage.server;
  const told = await page.evaluate(async ([host, play]) => {
    const { connect } = await import(`${host}tickwire.js`);
    const status = await fetch(play.replace(/^ws/, "http")).then((response) => response.status, () => null);
    const { reason, advice, text } = await connect({ url: play, name: "ann" }).catch((error) => error);
    return { status, reason, advice, text };
  }, [host, play]);
  await page.close();
  return told;
}

test("a page of the server itself, whose operator permits others only", async () => {
  const { reason, advice, text } = await tell(stage.server.page);
  assert.deepEqual([reason, advice], ["refused", "stop"]);
  assert.ok(text.includes("allowed_origins") && text.includes(new URL(stage.server.page).origin), text);
});

test("a page of another host", async () => {
  const html = { "content-type": "text/html" };
  const other = createServer((_, response) => response.writeHead(200, html).end("<!doctype html><title>other</title>"));
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  const { status, reason, advice } = await tell(`http://127.0.0.1:${other.address().port}/`);
  other.close();
  // A server whose answer no foreign page may read looks like none.
  assert.deepEqual([reason, advice], status === null ? ["unreachable", "retry"] : ["refused", "stop"]);
});

test("a server that is not there, or that the page's own policy forbids, is no refusal", async () => {
  const page = await stage.browser.newPage();
  await page.goto(stage.server.page);
  const { page: host } = stage.server;
  const reason = await page.evaluate(async (host) => {
    const { connect } = await import(`${host}tickwire.js`);
    return connect({ url: "ws://127.0.0.1:9/play" }).catch((error) => error.reason);
  }, host);
  assert.equal(reason, "unreachable");
  await page.close();
});
