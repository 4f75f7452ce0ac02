// A server that sends nonsense, before the join and during play: the page tells why the session ended, and
// goes on.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, keep, openBrowser, visit } from "./support/browser.mjs";
import { startServer } from "./support/processes.mjs";
import { setStage } from "./support/stage.mjs";

const MARKUP = "<img src=x onerror=alert(1)>";
const SEED = Number(process.env.HOSTILE_SEED ?? Date.now() % 2 ** 31);

/**
 * docs/protocol.md, section 3.3: a `Close` with the code as a varint of 16 bits, the advice `Stop` and a
 * text.
 */
const close = (code, text) =>
  Buffer.from([0, 2, 251, code & 255, code >> 8, 0, text.length, ...Buffer.from(text)]);

/** Random bytes after each valid first byte of a message, and after an invalid one. */
function nonsense() {
  let state = SEED || 1;
  const random = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const bytes = (first, length) => Buffer.from([first, ...Array.from({ length }, () => random() & 255)]);
  return [bytes(0, 40), bytes(1, 300), bytes(7, 3)];
}

const MESSAGES = {
  "a text message": "[1, 2, 3]",
  "an empty message": Buffer.alloc(0),
  "a message without an end": Buffer.from([0]),
  "random control bytes": nonsense()[0],
  "a random update": nonsense()[1],
  "an unknown message": nonsense()[2],
  "a message beyond all bounds": Buffer.alloc(4_000_000, 1),
  "a close whose text is markup": close(4014, MARKUP),
};

const stage = setStage(startServer, openBrowser);

/** A page whose socket goes to the server, plus what `spoil(message)` sends; or that gets only `first`. */
async function visitSpoilt(first = null) {
  const page = await visit(stage.browser, "about:blank");
  const sockets = [];
  await page.routeWebSocket(/\/play$/, (socket) => {
    sockets.push(socket);
    if (first === null) socket.connectToServer();
    else socket.onMessage(() => socket.send(first));
  });
  await page.goto(stage.server.page);
  page.faults.length = 0;
  return { page, spoil: (message) => sockets.at(-1).send(message) };
}

/** Asserts that there are no faults except those of the test, and that no text became an element. */
async function assertUnharmed(page, what) {
  const others = page.faults.filter((fault) => !fault.startsWith("request to"));
  assert.deepEqual(others, [], `${what} (HOSTILE_SEED=${SEED})`);
  assert.equal(await page.evaluate(() => document.querySelectorAll("body img").length), 0, what);
}

for (const [what, message] of Object.entries(MESSAGES)) {
  test(`${what} instead of a welcome is reported in the lobby`, async () => {
    const { page } = await visitSpoilt(message);
    await page.fill("#name", "ann");
    await page.click("#play");
    await page.waitForSelector("#problem:not([hidden])");
    assert.match(await page.textContent("#problem"), /\w+.*\. \w+/);
    assert.equal(await page.isEnabled("#play"), true);
    await assertUnharmed(page, what);
    await page.context().close();
  });

  test(`${what} during play ends the session with a reason, and the next session works`, async () => {
    const { page, spoil } = await visitSpoilt();
    await enter(page, "ann");
    spoil(message);
    await page.waitForSelector("#closed[open]");
    assert.match(await page.textContent("#closed-code"), /^\d{4} \w+/);
    assert.notEqual(await page.textContent("#closed-meaning"), "");
    if (what.includes("markup")) {
      assert.equal(await page.textContent("#closed-text"), MARKUP);
      await keep(page, "hostile-close");
    }
    await assertUnharmed(page, what);
    await page.click(what.includes("markup") ? "#closed-act" : "#closed-lobby");
    await enter(page, "ann");
    await assertUnharmed(page, what);
    await page.context().close();
  });
}
