// A player that leaves permanently does not stay in the room, even if its connection is broken at that
// moment.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startWire } from "../../browser-tests/support/processes.mjs";
import { openStage, until } from "./joining.mjs";

let stage;
let wire;
before(async () => {
  stage = await openStage();
  wire = await startWire(stage.play);
});
after(() => Promise.all([stage.stop(), wire.stop()]));

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ada, and bob, who has joined over the wire. */
async function two(wanted = {}) {
  wire.down = false;
  const ada = await stage.join("ada", { fresh: true });
  const url = wire.page.replace(/^http/, "ws") + "play";
  const bob = await stage.join("bob", { room: ada.room, url, ...wanted });
  await until(() => ada.roster.length === 2 && bob.entities().length > 0, "bob is there");
  const closed = [];
  bob.on("closed", (close) => closed.push(close));
  return { ada, bob, closed };
}

async function cutOff(bob) {
  wire.down = true;
  wire.cut();
  await until(() => bob.state === "cut", "the connection is cut");
}

test("a leave ends with a close reason of the client", async () => {
  const { ada, bob, closed } = await two();
  bob.close();
  await until(() => closed.length === 1, "it ends");
  const { code, reason, text, advice, by_server } = closed[0];
  assert.deepEqual(
    [code, reason, text, advice, by_server],
    [1000, "normal", "You left the room.", "stop", false],
  );
  await until(() => ada.roster.length === 1, "bob left");
  bob.input({ fire: true });
  bob.command({ Emote: 1 });
  assert.throws(() => bob.input({ fier: true }), TypeError);
});

for (const [how, leave] of [["close()", (bob) => bob.close()], ["a signal", (_, ends) => ends.abort()]]) {
  test(`a leave by ${how} during a cut ends at once, and reaches the server after the cut`, async () => {
    const ends = new AbortController();
    const { ada, bob, closed } = await two({ signal: ends.signal });
    await cutOff(bob);
    const started = performance.now();
    leave(bob, ends);
    await until(() => closed.length === 1, "the session ends");
    assert.ok(performance.now() - started < 600);
    assert.deepEqual([bob.state, closed[0].code, closed[0].by_server], ["closed", 1000, false]);
    await sleep(1_200);
    assert.equal(ada.roster.length, 2);
    wire.down = false;
    await until(() => ada.roster.length === 1, "no ghost stays for the 30 s of grace");
  });
}

test("a leave over a connection that breaks at that moment reaches the server, too", async () => {
  const { ada, bob, closed } = await two();
  wire.down = true;
  wire.cut();
  bob.close();
  await until(() => closed.length === 1, "the session ends");
  await sleep(600);
  wire.down = false;
  await until(() => ada.roster.length === 1, "no ghost");
});

test("the attempts to leave stop after some seconds", async () => {
  const { ada, bob } = await two();
  await cutOff(bob);
  const attempts = [];
  wire.onRefused = () => attempts.push(performance.now());
  const started = performance.now();
  bob.close();
  await sleep(14_000);
  const last_ms = attempts.at(-1) - started;
  assert.ok(attempts.length > 3 && attempts.length < 20, `${attempts.length} attempts`);
  assert.ok(last_ms > 4_000 && last_ms < 11_000, `the last after ${last_ms} ms`);
  assert.equal(ada.roster.length, 2);
});

test("a leave over a slow connection reaches the server", async () => {
  const { ada, bob } = await two();
  await cutOff(bob);
  wire.down = false;
  wire.delay_ms = 700;
  bob.close();
  await until(() => ada.roster.length === 1, "no ghost, though the answer takes longer than the page waits");
  wire.delay_ms = 0;
});
