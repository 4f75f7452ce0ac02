// Wrong values from a page: each throws an error that names it and the remedy, and the session goes on.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect, listRooms, resume, TickwireError } from "../../pages/web/tickwire.js";
import { openStage, until } from "./joining.mjs";

let stage;
before(async () => (stage = await openStage()));
after(() => stage.stop());

/** Asserts that `call` throws an error of one of these classes whose text contains `name`. */
function refused(call, name, kinds = [TypeError, RangeError]) {
  assert.throws(
    call,
    (error) => kinds.includes(error.constructor) && error.message.includes(name),
    `${call}`,
  );
}

const real = () => performance.now();
const CLOCKS = {
  "Date.now()": () => Date.now(),
  "30 s ahead": () => real() + 30_000,
  "2 s ahead": () => real() + 2_000,
  "30 s behind": () => real() - 30_000,
  "2 s behind": () => real() - 2_000,
  seconds: () => real() / 1_000,
  "the time between two frames": () => 16.7,
  "not a number": () => NaN,
  infinite: () => Infinity,
  "negative infinity": () => -Infinity,
  negative: () => -5_000,
  text: () => "now",
  null: () => null,
  "a BigInt": () => 5n,
};

for (const wasm of ["arena", "tickwire"]) {
  test(`a wrong clock is refused, and the session goes on (${wasm})`, async () => {
    const client = await stage.join("clock", { fresh: true }, wasm);
    let ended = null;
    client.on("closed", (close) => (ended = close));
    const own = () => client.entities().find((entity) => entity.id === client.entityId);
    await until(own, "the player's ship is there");
    // In the first second of a page, seconds look like a valid time.
    await until(() => real() > 1_500, "the page is old enough");
    client.entities();
    for (const [name, clock] of Object.entries(CLOCKS)) {
      for (let at = 0; at < 3; at += 1) refused(() => client.entities(clock()), "requestAnimationFrame");
      const { tick } = client;
      await until(() => client.tick > tick + 3, `ticks go on: ${name}`);
      assert.deepEqual([client.state, ended], ["playing", null], name);
    }
    const from = { ...own().pos };
    client.input({ move_x: from.x < 20 ? 127 : -127 });
    await until(() => Math.abs(own().pos.x - from.x) > 0.5, "it moves");
    const { inputs_refused } = client.stats();
    assert.equal(inputs_refused, 0);
  });
}

test("a frame's timestamp is one or more frames before the time, or slightly after it", async () => {
  const client = await stage.join("frames", { fresh: true });
  await until(() => client.entities().length > 0, "entities are there");
  for (const off of [0, -16.7, -100, 5, 16.7, 42]) {
    assert.ok(client.entities(real() + off).length > 0, `${off} ms`);
  }
  // The page is busy for 1.5 s after this frame, then draws the same frame twice.
  client.entities(real());
  const stamp = real() + 10;
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  for (let frame = 0; frame < 2; frame += 1) assert.ok(client.entities(stamp).length > 0);
  refused(() => client.entities(stamp - 1_000), "entities(now)");
});

test("controls are numbers, and all are applied or none", async () => {
  const client = await stage.join("controls", { fresh: true });
  const wrong = [NaN, Infinity, -Infinity, "5", "", null, undefined, 5n, Symbol("5"), [], {}, () => 5];
  for (const value of wrong) {
    for (const field of ["move_x", "aim", "fire"]) {
      refused(() => client.input({ [field]: value }), `"${field}`);
    }
  }
  for (const controls of [null, undefined, 5, "move_x", () => 5]) {
    refused(() => client.input(controls), "controls");
  }
  await until(() => client.entities().some((entity) => entity.own), "the player's ship is there");
  const place = () => client.entities().find((entity) => entity.own).pos.x;
  const from = place();
  refused(() => client.input({ move_x: 127, aim: NaN }), "aim");
  client.input({ aim: 1 });
  const { tick } = client;
  await until(() => client.tick > tick + 10, "ticks pass");
  assert.ok(Math.abs(place() - from) < 0.1, "a valid value next to a wrong one was not applied");
  const watcher = await stage.join("eve", { room: client.room, role: "spectator" });
  refused(() => watcher.input({ move_x: NaN }), "move_x");
});

test("players, entities, lag and listeners", async () => {
  const client = await stage.join("all", { fresh: true });
  const watcher = await stage.join("eve", { room: client.room, role: "spectator" });
  for (const one of [client, watcher]) {
    for (const player of [NaN, 1.5, -1, 65_536, Infinity, "1", 1n, {}, true]) {
      refused(() => one.follow(player), "player");
    }
    for (const id of [NaN, 1.5, -1, 2 ** 32, "1", 1n, {}, undefined]) refused(() => one.entity(id), "id");
    for (const ms of [NaN, -1, 5_001, Infinity, "40", null, 40n]) {
      refused(() => one.network({ delay_ms: ms }), "delay_ms");
      refused(() => one.network({ jitter_ms: ms }), "jitter_ms");
    }
    for (const lag of [null, undefined, 40, "40"]) refused(() => one.network(lag), "network");
    refused(() => one.network({ delay: 40 }), '"delay"');
    for (const name of ["joined", "close", "", null, undefined, 5, Symbol("cut")]) {
      refused(() => one.on(name, () => {}), "event");
    }
    for (const listener of [null, undefined, {}, "log"]) refused(() => one.on("cut", listener), "listener");
    one.follow(client.player);
    one.follow(null);
    one.follow();
    assert.equal(one.entity(null), undefined);
    one.network({ delay_ms: 0, jitter_ms: undefined });
    assert.equal(one.state, "playing");
  }
});

test("options of connect, resume and listRooms", async () => {
  const wrong = {
    url: [5, {}, true],
    game: [5, {}, true, Symbol("arena")],
    name: [5, {}, Symbol("ada")],
    role: ["spectater", "", 5, true],
    room: [5, {}, 5n],
    create: ["duel", 5, [], { map: {} }, { map: null }, { map: NaN }, { map: Symbol("duel") }],
    fresh: ["no", 1, {}],
    wasm: [5, true, {}, () => {}],
    network: [5, "slow", { delay_ms: NaN }, { jitter_ms: -1 }, { lag_ms: 5 }],
    transport: [5, {}, "ws"],
    signal: [5, {}, new AbortController()],
    keep: [5, "session", {}],
    rom: ["abcdefgh"],
  };
  for (const [option, values] of Object.entries(wrong)) {
    for (const value of values) {
      for (const call of option === "url" || option === "game" || option === "signal"
        ? [connect, resume, listRooms]
        : [connect, resume]) {
        const base = call === listRooms ? { url: stage.play } : stage.options();
        const error = await call({ ...base, [option]: value }).then(() => null, (error) => error);
        const what = `${call.name} ${option}: ${typeof value} ${error}`;
        assert.ok([TypeError, RangeError].includes(error?.constructor), what);
        assert.ok(error.message.includes(option), what);
      }
    }
  }
  for (const call of [connect, resume, listRooms]) {
    for (const options of [null, 5, "arena"]) await assert.rejects(() => call(options), /options/);
  }
  // These values count as absent.
  const nothing = {
    role: undefined,
    room: null,
    create: null,
    fresh: undefined,
    network: undefined,
    signal: undefined,
  };
  const client = await stage.join("ada", {
    ...nothing,
    url: new URL(stage.play),
    create: { map: "duel" },
    fresh: true,
  });
  assert.equal(client.settings.map, "duel");
  const full = await connect({ ...stage.options(), room: "zzzzzzzz" }).catch((error) => error);
  assert.ok(full instanceof TickwireError, "a refusal by the server is still a TickwireError");
});

test("a wrong core is reported with the advice `stop`, a temporary failure with `retry`", async () => {
  const { createServer } = await import("node:http");
  let status = 200;
  const server = createServer((_, response) => response.writeHead(status).end("<!doctype html>"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${server.address().port}/tickwire.wasm`;
  const advice = (wasm) =>
    connect({ ...stage.options(), wasm }).then(
      () => "joined",
      ({ reason, advice }) => `${reason} ${advice}`,
    );
  assert.equal(await advice(Uint8Array.of(1, 2, 3)), "no_core stop");
  assert.equal(
    await advice(new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))),
    "no_core stop",
    "another module",
  );
  for (const [answer, wanted] of [
    [200, "stop"], [404, "stop"], [429, "retry"], [503, "retry"],
  ]) {
    status = answer;
    assert.equal(await advice(address), `no_core ${wanted}`, answer);
  }
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  assert.equal(await advice(address), "no_core retry", "no server answers");
});
