// How frameworks use a client: they mount twice, undo at any moment, and add listeners slightly later.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { resume } from "../../pages/web/tickwire.js";
import { Core } from "../../pages/web/core.js";
import { openStage, transport, until } from "./joining.mjs";

let stage;
before(async () => (stage = await openStage()));
after(() => stage.stop());

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test("after the join, a signal ends the session like a leave", async () => {
  const ada = await stage.join("ada", { fresh: true });
  const gone = [];
  ada.on("player-left", ({ name }) => gone.push(name));
  const ends = new AbortController();
  const bob = await stage.join("bob", { room: ada.room, signal: ends.signal });
  await until(() => ada.roster.length === 2, "bob is there");
  const closed = new Promise((resolve) => bob.on("closed", resolve));
  ends.abort();
  await until(() => gone.length === 1, "bob left at once, though seats are kept for 30 s");
  assert.deepEqual([(await closed).code, bob.state, ada.roster.length], [1000, "closed", 1]);

  const cuts = new AbortController();
  let socket;
  const carol = await stage.join("carol", {
    room: ada.room,
    signal: cuts.signal,
    transport: (...to) => (socket = transport(...to)),
  });
  await until(() => carol.entities().length > 0 && ada.roster.length === 2, "carol is there");
  carol.on("cut", () => cuts.abort());
  socket.cut();
  await until(() => carol.state === "closed" && ada.roster.length === 1, "a cut client leaves as well");
});

/**
 * Runs `what(ada, keep, items, hide)` as on a page of a tab: `hide` closes the page, `keep` is the tab's
 * store; ada is elsewhere.
 */
async function onPage(what) {
  const ada = await stage.join("ada", { fresh: true });
  const items = new Map();
  const keep = {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, value),
    removeItem: (key) => items.delete(key),
  };
  const page = new EventTarget();
  globalThis.addEventListener = page.addEventListener.bind(page);
  globalThis.removeEventListener = page.removeEventListener.bind(page);
  try {
    await what(ada, keep, items, () => page.dispatchEvent(new Event("pagehide")));
  } finally {
    delete globalThis.addEventListener;
    delete globalThis.removeEventListener;
  }
}

test("a signal ends a resumed session", () => onPage(async (ada, keep, items, hide) => {
  const bob = await stage.join("bob", { room: ada.room, keep });
  hide();
  assert.equal(bob.state, "closed");
  const ends = new AbortController();
  const again = await resume({ ...stage.options(), keep, signal: ends.signal });
  assert.equal(again.player, bob.player);
  ends.abort();
  await until(() => again.state === "closed" && ada.roster.length === 1, "it left");
  assert.equal(items.size, 0);
}));

test("on a reloaded page, an effect that is undone and runs again also makes one player: the same", () =>
  onPage(async (ada, keep, items, hide) => {
    let bob = await stage.join("bob", { room: ada.room, keep });
    const { player } = bob;
    for (const wait_ms of [0, 0, 1, 3, 6, 10, 15, 25]) {
      hide();
      assert.equal(items.size, 1);
      const ends = new AbortController();
      const first = stage.join("bob", { room: ada.room, keep, signal: ends.signal }).catch((error) => error);
      if (wait_ms > 0) await sleep(wait_ms);
      const was_in = (await Promise.race([first, null])) !== null;
      // In one task.
      ends.abort();
      const second = stage.join("bob", { room: ada.room, keep });
      bob = await second;
      await first;
      if (was_in) break;
      assert.deepEqual([bob.player, items.size], [player, 0], `undone after ${wait_ms} ms`);
      assert.deepEqual(
        bob.roster.map((entry) => entry.name),
        ["ada", "bob"],
      );
    }
    bob.close();
    await until(() => ada.roster.length === 1, "no ghost");
  }));

test("an effect that runs, is undone and runs again makes one player (React's StrictMode)", async () => {
  const ada = await stage.join("ada", { fresh: true });
  for (let wait_ms = 0; wait_ms < 20; wait_ms += 4) {
    const effect = () => {
      const ends = new AbortController();
      const came = stage.join("strict", { room: ada.room, signal: ends.signal }).catch((error) => error);
      return { came, undo: () => ends.abort() };
    };
    const first = effect();
    if (wait_ms > 0) await sleep(wait_ms);
    first.undo();
    const second = effect();
    assert.equal((await second.came).state, "playing");
    await first.came;
    await until(() => ada.roster.length === 2, "one more player, not two");
    second.undo();
    await until(() => ada.roster.length === 1, "none after it was undone");
  }
});

/** Records the player events that the core of the client with this name returns. */
function listenToCore(name) {
  const { start, event } = Core.prototype;
  const given = [];
  let mine = null;
  Core.prototype.start = function (called, ...rest) {
    if (called === name) mine = this;
    return start.call(this, called, ...rest);
  };
  Core.prototype.event = function () {
    const told = event.call(this);
    if (this === mine && told?.type.startsWith("player-")) given.push(told.type);
    return told;
  };
  return { given, restore: () => Object.assign(Core.prototype, { start, event }) };
}

for (const [when, later] of [
  ["when connect resolves", () => null],
  ["in an effect, some tasks later", () => sleep(60)],
]) {
  test(`a page that listens ${when} misses no event after the join`, async () => {
    const ada = await stage.join("ada", { fresh: true });
    let comes = true;
    const crowd = (async () => {
      while (comes) (await stage.join("guest", { room: ada.room })).close();
    })();
    const { given, restore } = listenToCore("late");
    try {
      for (let round = 0; round < 3; round += 1) {
        given.length = 0;
        const late = await stage.join("late", { room: ada.room, network: { jitter_ms: 300 } });
        await later();
        const heard = [];
        for (const name of ["player-joined", "player-left", "player-changed"]) {
          late.on(name, () => heard.push(name));
        }
        await until(() => given.length > 5, "guests join and leave");
        assert.deepEqual(heard, given);
        late.close();
      }
    } finally {
      comes = false;
      await crowd;
      restore();
    }
  });
}

test("a page that never listens still has the current roster", async () => {
  const ada = await stage.join("ada", { fresh: true });
  const bob = await stage.join("bob", { room: ada.room });
  await stage.join("carol", { room: ada.room });
  await until(() => bob.roster.length === 3, "all players are in it");
});

test("a transport that fails without closing is given up soon", async () => {
  const socket = { send() {}, close() {} };
  const started = performance.now();
  const coming = stage.join("ada", { transport: () => (setTimeout(() => socket.onerror({})), socket) });
  await assert.rejects(coming, ({ reason }) => reason === "unreachable");
  assert.ok(performance.now() - started < 5_000);
});

test("a page that listens in an effect learns of an end right after the join", async () => {
  const ada = await stage.join("ada", { fresh: true });
  let socket;
  const bob = await stage.join("bob", { room: ada.room, transport: (...to) => (socket = transport(...to)) });
  socket.onmessage({ data: Uint8Array.of(7, 1, 2).buffer });
  await sleep(60);
  const close = await new Promise((resolve) => bob.on("closed", resolve));
  assert.equal(close.reason, "unknown_message");
  const eve = await stage.join("eve", { room: ada.room, transport: (...to) => (socket = transport(...to)) });
  socket.cut();
  await sleep(60);
  await new Promise((resolve) => eve.on("cut", resolve));
});
