// Calls everything in tickwire.d.ts, in every state, with valid and with odd values: all errors tell what is
// wrong, the session goes on, and no player is left behind.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import * as kit from "../../pages/web/tickwire.js";
import { openStage, transport, until } from "./joining.mjs";

const { connect, DecodeError, listRooms, Reader, resume, TickwireError, Writer } = kit;
const TYPES = ["tickwire.d.ts", "rooms.d.ts"]
  .map((name) => readFileSync(new URL(`../../pages/web/${name}`, import.meta.url), "utf8"))
  .join("\n");

/** The members that an interface or class of the types declares. */
function membersOf(name) {
  const [, body] = TYPES.match(
    new RegExp(`^export (?:interface|class) ${name}\\b[^{]*\\{\\n([\\s\\S]*?)^\\}`, "m"),
  );
  return [
    ...new Set([...body.matchAll(/^ {2}(?:readonly )?"?([\w-]+)"?\??[<(:]/gm)].map(([, member]) => member)),
  ].sort();
}

const thrower = { toString() { throw new Error("odd"); }, valueOf() { throw new Error("odd"); } };
const ODD = [
  undefined, null, NaN, Infinity, -Infinity, -1, 0, 1.5, 256, 2 ** 53, 5n, -(2n ** 70n), "", "abc",
  Symbol("odd"), true, {}, [], [1, [2]], () => 5, new Date(), Object.create(null), new Uint8Array(3),
  new Uint8Array(20_000), new ArrayBuffer(2), new DataView(new ArrayBuffer(2)), thrower,
  { x: { y: { z: NaN } } }, new Proxy({}, {}), new Error("odd"), new Map([[1, 2]]),
];
/** Messages of the JavaScript engine for unchecked values. */
const RAW = /Cannot |is not a function|is not iterable|undefined \(|Invalid |not valid/;

/** The result of `call`, or its error, which must tell what is wrong. */
function tries(what, call) {
  try {
    return { value: call() };
  } catch (error) {
    const typed = [TypeError, RangeError, TickwireError, DecodeError].includes(error?.constructor);
    assert.ok(typed && !RAW.test(error.message), `${what}: ${error?.stack}`);
    return { error };
  }
}

/** The methods of a client, with arguments that are valid in every state. */
const METHODS = {
  on: [["cut", () => {}], ["event", () => {}]],
  input: [[{}]],
  command: null,
  entities: [[], [undefined]],
  roomState: [[]],
  follow: [[], [null], [3]],
  invite: [[], [{}], [{ uses: 2, valid_s: 60 }]],
  entity: [[null], [5]],
  network: [[{}], [{ delay_ms: 0 }], [{ jitter_ms: 0, delay_ms: undefined }]],
  stats: [[]],
  stateHash: [[]],
  // Called last.
  close: [],
};
const READ = [
  "player", "entityId", "room", "roster", "settings", "tick", "tickRate", "state", "schema", "builtIn",
];
const EVENTS = [
  "event", "player-joined", "player-left", "player-changed", "events-dropped", "cut", "resumed",
  "idle-warning", "closed", "input-trace",
];
const READS = {
  u8: [], i8: [], bool: [], varint: [], u64: [], zigzag: [], i64: [], f32: [], f64: [], text: [], bytes: [],
  option: [(from) => from.u8()], list: [(from) => from.u8()],
};
const WRITES = [
  "u8", "i8", "bool", "varint", "u64", "zigzag", "i64", "f32", "f64", "text", "bytes", "option", "list",
  "done",
];
const OPTIONS = [
  "url", "game", "name", "role", "room", "create", "fresh", "wasm", "network", "transport", "ticket",
  "signal", "keep", "match", "parameters", "password", "invitation", "places",
];
const FUNCTIONS = ["connect", "resume", "listRooms"];
const CLASSES = ["DecodeError", "TickwireError", "Reader", "Writer"];
/** Types of arguments and results. */
const SHAPES = [
  "Client", "ClientEvents", "ClientStatistics", "CloseReason", "ConnectOptions", "Controls", "EntityView",
  "Field", "InputTrace", "Invite", "Match", "NetworkOptions", "SeatStore", "RoomListing", "RoomStateView",
  "RosterEntry", "Schema", "Transport",
];

let stage;
before(async () => (stage = await openStage()));
after(() => stage.stop());

test("these lists cover all of tickwire.d.ts", () => {
  const exported = [
    ...TYPES.matchAll(/^export (?:declare )?(?:function|class|interface|type|const|enum) (\w+)/gm),
  ].map(([, name]) => name);
  assert.deepEqual([...new Set(exported)].sort(), [...FUNCTIONS, ...CLASSES, ...SHAPES].sort());
  assert.deepEqual(Object.keys(kit).sort(), [...FUNCTIONS, ...CLASSES].sort());
  assert.deepEqual(membersOf("Client"), [...Object.keys(METHODS), ...READ].sort());
  assert.deepEqual(membersOf("ClientEvents"), [...EVENTS].sort());
  assert.deepEqual(membersOf("ConnectOptions"), [...OPTIONS].sort());
  assert.deepEqual(membersOf("Reader"), [...Object.keys(READS), "constructor", "done"].sort());
  assert.deepEqual(membersOf("Writer"), [...WRITES].sort());
});

/** Calls everything of `client`; after each method, `lives` checks that the state is unchanged. */
function callAll(client, where, lives) {
  for (const [method, right] of Object.entries(METHODS)) {
    if (method === "close") continue;
    const spectates = client.player === null;
    const calls =
      right ??
      (client.state === "closed" || !spectates
        ? [[client.builtIn ? { Emote: 1 } : Uint8Array.of(0, 1)]]
        : []);
    for (const args of calls) {
      const { error } = tries(`${where} ${method}`, () => client[method](...args));
      assert.equal(error, undefined, `${where} ${method}: ${error}`);
    }
    for (const odd of ODD) {
      // Only the server knows whether bytes are a command of the game: it ends the session if not.
      if (method === "command" && !client.builtIn && odd instanceof Uint8Array) continue;
      tries(`${where} ${method} ${typeof odd}`, () => client[method](odd));
      tries(`${where} ${method} 2nd ${typeof odd}`, () => client[method]("cut", odd));
      tries(`${where} ${method} {} ${typeof odd}`, () =>
        client[method]({ move_x: odd, delay_ms: odd, Emote: odd }),
      );
    }
    lives(method);
  }
  for (const property of READ) {
    assert.notEqual(tries(`${where} ${property}`, () => client[property]).value, undefined, property);
    // Only the client sets these.
    assert.throws(() => Object.assign(client, { [property]: 5 }), TypeError, property);
  }
  for (const name of EVENTS) client.on(name, () => {})();
}

for (const wasm of ["arena", "tickwire"]) {
  for (const role of ["player", "spectator"]) {
    test(`a ${role} calls everything while playing, cut and closed (${wasm})`, async () => {
      const host = await stage.join("host", { fresh: true });
      let socket;
      let isDown = false;
      const link = (...to) => {
        if (isDown) to[0] = "ws://127.0.0.1:1/play";
        return (socket = transport(...to));
      };
      const client = await stage.join("guest", { room: host.room, role, transport: link }, wasm);
      const ends = [];
      client.on("closed", (close) => ends.push(close));
      await until(() => client.entities().length > 0, "something is there");

      callAll(client, `playing ${role}`, (method) =>
        assert.deepEqual([client.state, ends], ["playing", []], method),
      );
      const { tick } = client;
      await until(() => client.tick > tick + 3, "ticks go on");
      assert.ok(client.entities().length > 0, JSON.stringify([client.state, ends]));

      isDown = true;
      socket.cut();
      await until(() => client.state === "cut", "it is cut");
      callAll(client, `cut ${role}`, (method) => assert.deepEqual([client.state, ends], ["cut", []], method));
      isDown = false;
      await until(() => client.state === "playing", "it is back");
      assert.equal(client.player === null, role === "spectator");

      client.close();
      client.close();
      await until(() => client.state === "closed", "it left");
      callAll(client, `closed ${role}`, (method) =>
        assert.deepEqual([client.state, ends.length], ["closed", 1], method),
      );
      client.close();
      assert.deepEqual([ends.map(({ code }) => code), client.entities()], [[1000], []]);
      await until(() => host.roster.length === 1, "no player is left behind");
    });
  }
}

test("odd options and cancelled joins leave no player behind", async () => {
  const host = await stage.join("host", { fresh: true });
  for (const [at, call] of [connect, resume, listRooms].entries()) {
    for (const option of call === listRooms ? ["url", "game", "signal"] : OPTIONS) {
      for (const odd of ODD) {
        const base =
          call === listRooms ? { url: stage.play } : { ...stage.options(), room: host.room, fresh: true };
        const ends = new AbortController();
        const coming = call({
          ...base,
          ...(option === "signal" || at === 2 ? {} : { signal: ends.signal }),
          [option]: odd,
        });
        const what = `${call.name} ${option} ${typeof odd}`;
        if (option !== "signal" && at < 2) setTimeout(() => ends.abort(), 2);
        const came = await coming.then((value) => value, (error) => error);
        if (came instanceof Error) {
          const right =
            [TypeError, RangeError, TickwireError].includes(came.constructor) ||
            came.constructor === Error ||
            came.name === "AbortError";
          assert.ok(right && !RAW.test(came.message), `${what}: ${came.stack}`);
        } else if (at < 2) came?.close();
      }
    }
  }
  await until(() => host.roster.length === 1, "no player is left behind");
});

test("Reader and Writer read and write valid values, and refuse others with their own errors", () => {
  const bytes = new Writer()
    .u8(1)
    .i8(-1)
    .bool(true)
    .varint(300)
    .u64(2n ** 60n)
    .zigzag(-300)
    .i64(-(2n ** 60n))
    .f32(0.5)
    .f64(0.25)
    .text("Zoë")
    .bytes(Uint8Array.of(7))
    .option(null, () => {})
    .list([1], (to, value) => to.u8(value))
    .done();
  const from = new Reader(bytes);
  const read = Object.entries(READS).map(([method, args]) => from[method](...args));
  assert.deepEqual(read, [
    1, -1, true, 300, 2n ** 60n, -300, -(2n ** 60n), 0.5, 0.25, "Zoë", Uint8Array.of(7), null, [1],
  ]);
  assert.ok(from.done);
  for (const odd of ODD) {
    tries(`new Reader ${typeof odd}`, () => new Reader(odd));
    for (const method of WRITES) {
      tries(`Writer ${method} ${typeof odd}`, () => new Writer()[method](odd, (to) => to.u8(1)));
      tries(`Writer ${method} 2nd ${typeof odd}`, () => new Writer()[method]([1], odd));
    }
    for (const method of Object.keys(READS)) {
      tries(`Reader ${method} ${typeof odd}`, () => new Reader(Uint8Array.of(1, 1))[method](odd));
      tries(`Reader ${method} at its end`, () => new Reader(new Uint8Array())[method](odd));
    }
  }
});
