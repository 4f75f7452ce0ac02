// A page that its server refuses learns the reason. A browser does not report the answer to a WebSocket, so
// the kit sends a plain request.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { openBrowser } from "./support/browser.mjs";
import { startServer } from "./support/processes.mjs";
import { setStage } from "./support/stage.mjs";

const stage = setStage(() => startServer("--allowed-origins", "https://elsewhere.example"), openBrowser);

/**
 * The result of `connect` on a page at `address`; and the status of a plain request to the server, or null.
 */
async function tell(address) {
  const page = await stage.browser.newPage();
  await page.goto(address);
  const { page: host, play } = stage.server;
  const told = await page.evaluate(
    async ([host, play]) => {
      const { connect } = await import(`${host}tickwire.js`);
      const status = await fetch(play.replace(/^ws/, "http")).then(
        (response) => response.status,
        () => null,
      );
      const client = await connect({ url: play, name: "ann" }).catch((error) => error);
      if (client instanceof Error) {
        return { status, reason: client.reason, advice: client.advice, text: client.text };
      }
      const { state } = client;
      client.close();
      return { status, state };
    },
    [host, play],
  );
  await page.close();
  return told;
}

test("a page of the server itself plays, whatever other origins its operator permits", async () => {
  assert.deepEqual(await tell(stage.server.page), { status: 426, state: "playing" });
});

test("a page of a forbidden host is refused, and learns by what", async () => {
  const html = { "content-type": "text/html" };
  const other = createServer((_, response) =>
    response.writeHead(200, html).end("<!doctype html><title>other</title>"),
  );
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  const origin = `http://127.0.0.1:${other.address().port}`;
  const { status, reason, advice, text } = await tell(`${origin}/`);
  other.close();
  assert.deepEqual([status, reason, advice], [403, "refused", "stop"]);
  assert.ok(text.includes("allowed_origins") && text.includes(origin), text);
});

test("a missing server, or one that the page's own policy forbids, is not a refusal", async () => {
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
