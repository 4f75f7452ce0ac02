// tickwire.js against a server: the example `02-tag`, which hosts the arena and another game. It must be
// built.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { connect, listRooms, Reader, resume, TickwireError } from "../../pages/web/tickwire.js";
import { startOwnGame } from "../../browser-tests/support/processes.mjs";
import { until } from "./joining.mjs";
import { Socket } from "./socket.mjs";

const core = (name) => readFileSync(new URL(`../../pages/built/${name}.wasm`, import.meta.url));
const CORES = { arena: core("arena"), tickwire: core("tickwire") };

let server;
let url;
let admin;
const clients = [];

before(async () => {
  server = await startOwnGame();
  ({ play: url, admin } = server);
});

after(() => {
  clients.forEach((client) => client.close());
  return server.stop();
});

async function join(name, options = {}, wasm = "arena") {
  const sockets = [];
  const transport = (address, protocol) => {
    sockets.push(new Socket(address, protocol));
    return sockets.at(-1);
  };
  const client = await connect({ url, name, wasm: CORES[wasm], keep: false, transport, ...options });
  clients.push(client);
  const heard = [];
  for (const kind of ["event", "player-joined", "player-left", "cut", "resumed", "input-trace", "closed"]) {
    client.on(kind, (event) => heard.push({ kind, event }));
  }
  const has = (kind) => heard.find((told) => told.kind === kind)?.event;
  return { client, heard, has, sockets, cut: () => sockets.at(-1).cut() };
}

const refusal = (options) =>
  connect({
    url,
    wasm: CORES.arena,
    transport: (address, protocol) => new Socket(address, protocol),
    ...options,
  }).then(
    () => assert.fail("the join succeeded"),
    (error) => error,
  );

test("a player joins, moves at once, and gets events as objects", async () => {
  const { client, has } = await join("ada", { fresh: true });
  assert.equal(client.builtIn, true);
  assert.equal(client.settings.map, "courtyard");
  assert.deepEqual(client.roster.map((entry) => entry.name), ["ada"]);
  await until(() => client.entities().some((entity) => entity.own), "the player's ship is there");
  const own = client.entity(client.entityId);
  const from = { ...own.pos };
  client.input({ move_x: from.x < 20 ? 127 : -127, aim: Math.PI });
  await until(() => client.entities() && Math.abs(own.pos.x - from.x) > 0.5, "it moves");
  assert.equal(client.entity(client.entityId), own, "objects are reused, not created again");
  client.command({ Emote: 3 });
  await until(() => has("event"), "the emote is received");
  assert.deepEqual(has("event"), { type: "Emoted", player: client.player, emote: 3 });
  let turn = 0;
  await until(
    () => client.entities() && (client.input({ aim: (turn += 0.02) }), has("input-trace")),
    "an input is followed",
  );
  const line = has("input-trace");
  const order = [0, line.made_ms, line.sent_ms, line.decoded_ms, line.shown_ms];
  assert.ok(order.every((time, at) => at === 0 || time >= order[at - 1]), JSON.stringify(line));
  assert.ok(line.applied_ms <= line.snapshot_ms, JSON.stringify(line));
  assert.throws(() => client.input({ mvoe_x: 1 }), /no field "mvoe_x"; it has "move_x"/);
  assert.throws(() => client.command({ Dance: 1 }), /not a command of the game: unknown variant `Dance`/);
  const { state_kinds, kinds } = client.schema;
  assert.deepEqual([state_kinds, kinds.at(-1).name], [1, client.roomState().kind]);
  for (const address of [url, url.replace(/^ws/, "http")]) {
    const rooms = await listRooms({ url: address, game: "arena" });
    assert.ok(rooms.some((room) => room.id === client.room && room.players === 1));
  }
});

test("a spectator and a client without the game's types have the state of a player", async () => {
  const player = await join("ada", { fresh: true });
  const { room } = player.client;
  const spectator = await join("eve", { room, role: "spectator" });
  const generic = await join("bob", { room }, "tickwire");
  assert.equal(spectator.client.player, null);
  assert.ok(generic.client.settings instanceof Uint8Array);
  assert.equal(new Reader(generic.client.settings).text(), "courtyard");
  const all = [player, spectator, generic].map(({ client }) => client);
  const hashes = all.map(() => new Map());
  await until(() => {
    all.forEach((client, at) => hashes[at].set(client.tick, client.stateHash()));
    generic.client.input({ move_x: 100 * (client(all).tick % 2), fire: true });
    const [first, ...others] = hashes;
    return [...first.keys()].filter((tick) => others.every((other) => other.has(tick))).length > 20;
  }, "twenty ticks that all clients have seen");
  for (const [tick, hash] of hashes[0]) {
    for (const other of hashes.slice(1)) {
      assert.ok(!other.has(tick) || other.get(tick) === hash, `tick ${tick}`);
    }
  }
  for (const client of all) {
    const ship = client.entities().find((entity) => entity.kind === "ship");
    assert.deepEqual([ship.weapon, ship.alive], ["blaster", true], "a choice's name, and a boolean");
  }
  assert.equal(player.has("player-joined").name, "bob");
  generic.client.close();
  await until(() => player.has("player-left"), "bob left");
  assert.equal(player.has("player-left").name, "bob");
});

const client = (all) => all[0];

test("after a cut the client is back as the same player", async () => {
  const { client, has, cut } = await join("ada", { fresh: true });
  const { player, entityId, room } = client;
  const guest = await join("bob", { room });
  await until(() => client.entities().length > 0 && has("player-joined"), "something is seen");
  cut();
  guest.client.close();
  await until(() => has("resumed"), "it is back");
  await until(() => has("player-left"), "a leave in between is reported");
  assert.equal(has("player-left").name, "bob");
  assert.deepEqual(client.roster.map((entry) => entry.name), ["ada"]);
  assert.equal(has("cut").attempt, 1);
  assert.deepEqual(
    [client.player, client.entityId, client.room, client.state],
    [player, entityId, room, "playing"],
  );
  const { tick } = client;
  await until(() => client.tick > tick + 5, "ticks arrive again");
  assert.equal(client.stats().resumes, 1);
});

/** A stand-in for a tab: its store, and its page, which can close. */
function tab() {
  const items = new Map();
  const page = new EventTarget();
  const keep = {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, value),
    removeItem: (key) => items.delete(key),
  };
  /** Joins on this tab's page. */
  const enter = async (name, options) => {
    Object.assign(globalThis, {
      addEventListener: page.addEventListener.bind(page),
      removeEventListener: page.removeEventListener.bind(page),
    });
    try {
      return await join(name, { keep, ...options });
    } finally {
      delete globalThis.addEventListener;
      delete globalThis.removeEventListener;
    }
  };
  return { enter, keep, items, hide: () => page.dispatchEvent(new Event("pagehide")) };
}

/** Shows an emote as soon as the game accepts it. */
async function emote({ client, heard }, number) {
  const shown = () =>
    heard.some(
      ({ kind, event }) => kind === "event" && event.emote === number && event.player === client.player,
    );
  for (let at = 0; !shown(); at += 1) {
    if (at % 40 === 0) client.command({ Emote: number });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const emotesOf = ({ heard }, player) =>
  heard
    .filter(({ kind, event }) => kind === "event" && event.player === player)
    .map(({ event }) => event.emote);

for (const wasm of ["arena", "tickwire"]) {
  test(`a reloaded page takes its seat again, as the same player (${wasm})`, async () => {
    const { enter, items, hide, keep } = tab();
    const ada = await enter("ada", { fresh: true, wasm: CORES[wasm] });
    const { player, entityId, room } = ada.client;
    const bob = await join("bob", { room });
    const own = (client) => client.entities().some((entity) => entity.own || entity.id === entityId);
    await until(() => own(ada.client), "ada's ship is there");
    const events = (...clients) =>
      clients.flatMap(({ heard }) => heard).filter(({ kind }) => kind === "event").length;
    await emote(bob, 1);
    await until(() => events(ada) >= events(bob), "ada receives it");
    const before_bob = events(ada) - events(bob);
    assert.equal(items.size, 0, "a tab that is duplicated now has no seat to take");
    hide();
    assert.equal(ada.client.state, "closed");
    assert.equal(items.size, 1);
    await emote(bob, 2);
    const again = await enter("ada", { room, wasm: CORES[wasm] });
    assert.equal(items.size, 0);
    assert.deepEqual(
      [again.client.player, again.client.entityId, again.client.room],
      [player, entityId, room],
    );
    await until(() => own(again.client), "ada's ship is there again");
    await emote(bob, 3);
    await until(() => events(ada, again) >= events(bob) + before_bob, "both emotes are received");
    if (wasm === "arena") assert.deepEqual(emotesOf(again, bob.client.player), [2, 3]);
    assert.equal(events(ada, again), events(bob) + before_bob, "each event is received once");
    assert.deepEqual([bob.has("player-left"), bob.client.roster.length], [undefined, 2]);
    again.client.close();
    await until(() => again.has("closed"), "it left");
    assert.equal(
      await resume({ url, game: "arena", keep, wasm: CORES[wasm] }),
      null,
      "a player that left has no seat",
    );
  });
}

test("a page that is reloaded before it has joined leaves the seat to the next one", async () => {
  const { enter, items, hide } = tab();
  const ada = await enter("ada", { fresh: true });
  const { player, room } = ada.client;
  hide();
  for (let reload = 0; reload < 3; reload += 1) {
    assert.equal(items.size, 1);
    const coming = enter("ada", { room }).catch((error) => error);
    // While the core is loaded, and while the server is contacted.
    for (let turn = 0; turn < reload; turn += 1) await new Promise((resolve) => setTimeout(resolve));
    hide();
    assert.equal(items.size, 1, "the seat is stored at once");
    assert.ok((await coming) instanceof Error);
  }
  const again = await enter("ada", { room });
  assert.equal(again.client.player, player);
  assert.equal(items.size, 0);
  again.client.close();
});

test("a lost seat is no error: its page joins like any other", async () => {
  const { enter, items, hide } = tab();
  const ada = await enter("ada", { fresh: true });
  hide();
  assert.equal((await fetch(`${admin}rooms/${ada.client.room}`, { method: "DELETE" })).ok, true);
  const again = await enter("ada");
  assert.equal(again.client.state, "playing");
  assert.notEqual(again.client.room, ada.client.room);
  assert.equal(again.sockets.length, 2, "it asked for its seat, then for a new one");

  hide();
  const [[key, seats]] = items;
  items.set(key, JSON.stringify(JSON.parse(seats).map((seat) => ({ ...seat, until: Date.now() - 1 }))));
  assert.equal((await enter("ada")).sockets.length, 1, "an expired seat is not asked for");
  items.set(key, '[{"until":9e15,"url":7},null,3');
  assert.equal((await enter("ada")).client.state, "playing");
});

test("without a store a player leaves with its page", async () => {
  const bob = await join("bob", { fresh: true });
  const { enter, hide, items } = tab();
  await enter("ada", { room: bob.client.room, keep: false });
  await until(() => bob.has("player-joined"), "ada is there");
  hide();
  await until(() => bob.has("player-left"), "ada left at once");
  assert.equal(items.size, 0);
});

test("a cancelled join leaves no player behind", async () => {
  const ada = await join("ada", { fresh: true });
  const { room } = ada.client;
  let entered = 0;
  for (let wait_ms = 0; wait_ms < 30; wait_ms += 2) {
    const gives_up = new AbortController();
    setTimeout(() => gives_up.abort(), wait_ms);
    const came = await join("ghost", { room, signal: gives_up.signal }).catch((error) => error);
    if (came instanceof Error) continue;
    entered += 1;
    came.client.close();
  }
  assert.ok(entered < 15, "some joins were cancelled");
  const gone = () => ada.heard.filter(({ kind }) => kind === "player-left").length;
  const come = () => ada.heard.filter(({ kind }) => kind === "player-joined").length;
  // A seat that is kept would last for at least 2 s.
  await until(() => ada.client.roster.length === 1 && gone() === come(), "all have left", 1_500);
});

test("a player that leaves during a cut gives its seat up at once", async () => {
  const ada = await join("ada", { fresh: true });
  const bob = await join("bob", { room: ada.client.room });
  bob.client.input({ move_x: 50 });
  await until(
    () => ada.has("player-joined") && bob.client.entities().some((entity) => entity.own),
    "bob flies",
  );
  bob.cut();
  await until(() => bob.client.state === "cut", "it is cut");
  bob.client.close();
  await until(() => ada.has("player-left"), "bob has left", 1_500);
  await until(() => bob.has("closed"), "bob knows");
  assert.deepEqual([bob.has("closed").code, bob.client.state], [1000, "closed"]);
});

test("clients that are cut at the same moment come back at different times", async () => {
  const all = await Promise.all(Array.from({ length: 12 }, (_, at) => join(`bot ${at}`, { fresh: true })));
  for (const { cut } of all) cut();
  await until(() => all.every(({ has }) => has("resumed")), "all are back");
  const waits = all.map(({ has }) => has("cut").retry_in_ms).sort((a, b) => a - b);
  assert.ok(waits.at(-1) <= 500 && waits.at(-1) - waits[0] > 100, `${waits}`);
});

test("a spectator comes back after a cut, until its room no longer exists", async () => {
  const player = await join("ada", { fresh: true });
  const { room } = player.client;
  const { client, has, sockets, cut } = await join("eve", { room, role: "spectator" });
  cut();
  await until(() => has("resumed"), "it is back");
  assert.deepEqual([client.player, client.room, client.state], [null, room, "playing"]);
  const { tick } = client;
  await until(() => client.tick > tick + 5 && client.entities().length > 0, "it sees the room again");
  assert.equal(client.stats().resumes, 1);

  const sent = [];
  const socket = sockets.at(-1);
  socket.send = (bytes) => (sent.push([...bytes]), Socket.prototype.send.call(socket, bytes));
  client.follow(player.client.player);
  client.follow(player.client.player);
  client.follow(null);
  const follows = sent.filter(([tag, kind]) => tag === 0 && kind === 5);
  assert.deepEqual(follows, [[0, 5, 1, player.client.player], [0, 5, 0]], "each change is sent once");

  cut();
  assert.equal((await fetch(`${admin}rooms/${room}`, { method: "DELETE" })).ok, true);
  await until(() => has("closed"), "it learns that the room was closed");
  assert.deepEqual([has("closed").code, has("closed").by_server], [4010, true]);
});

test("the client leaves a connection that falls silent, and takes its seat again", async () => {
  const { client, has, sockets } = await join("ada", { fresh: true });
  const { player } = client;
  // As after a change of network: the connection is open, but no more messages arrive.
  sockets.at(-1).onmessage = () => {};
  await until(() => has("resumed"), "it is back");
  assert.equal(client.player, player);
  assert.equal(sockets.length, 2);
});

test("a kick shows its text, and ends the session permanently", async () => {
  const { client, has } = await join("mallory", { fresh: true });
  const { sessions } = await (await fetch(`${admin}sessions`)).json();
  const session = sessions.find((session) => session.room === client.room);
  await fetch(`${admin}sessions/${session.id ?? session.session}/kick`, { method: "POST" });
  await until(() => has("closed"), "the client is closed");
  assert.equal(has("closed").code, 4014);
  assert.equal(has("closed").advice, "stop");
  assert.ok(has("closed").text.length > 0);
  assert.deepEqual([client.state, client.entities()], ["closed", []]);
});

test("the lag that the page sets applies in both directions", async () => {
  const { client } = await join("ada", { fresh: true, network: { delay_ms: 40 } });
  await until(() => client.entities() && client.stats().rtt_ms > 0, "a round trip is measured");
  // Messages due within half a millisecond are delivered with those due now (link.js).
  assert.ok(client.stats().rtt_ms >= 2 * 39.5, `${client.stats().rtt_ms} ms`);
});

test("all clients have the room's state, and it is no entity", async () => {
  const arena = await join("ada", { fresh: true, create: { round_s: "60" } });
  const generic = await join("eve", { room: arena.client.room, role: "spectator" }, "tickwire");
  for (const { client } of [arena, generic]) {
    await until(() => client.roomState() !== null, "the state is there");
    const state = client.roomState();
    assert.deepEqual(Object.keys(state).sort(), ["kind", "number", "phase", "seconds_left"]);
    assert.deepEqual([state.kind, state.number, state.phase], ["round", 1, "playing"]);
    assert.ok(state.seconds_left > 40 && state.seconds_left <= 60, `${state.seconds_left} s`);
    assert.ok(client.entities().every((entity) => entity.kind !== "round"));
  }
  generic.client.close();
  await until(() => generic.has("closed"), "it is closed");
  assert.equal(generic.client.roomState()?.kind, "round", "the last one stays: a result may be in it");
  const tag = await join("bob", { game: "tag" }, "tickwire");
  assert.equal(tag.client.roomState(), null, "tag has none");
  tag.client.close();
  await until(() => tag.has("closed"), "it leaves");
});

test("a game without WebAssembly of its own is played through its schema", async () => {
  const { client, has } = await join("ada", { game: "tag" }, "tickwire");
  const other = await join("bob", { game: "tag", room: client.room }, "tickwire");
  assert.equal(new Reader(client.settings).f32(), 24);
  assert.deepEqual(client.schema.kinds.map((kind) => kind.name), ["runner"]);
  await until(() => client.entities().length === 2, "both run");
  const it = client.entities().find((entity) => entity.it);
  assert.equal(it.id, client.entityId, "the first player is it");
  await until(() => {
    const [me, prey] = [client.entityId, other.client.entityId].map((id) =>
      client.entities().find((one) => one.id === id),
    );
    if (me && prey) {
      const toward = (axis) => Math.sign(Math.round(2 * (prey.pos[axis] - me.pos[axis])));
      client.input({ x: toward("x"), y: toward("y"), dash: true });
    }
    return has("event");
  }, "a tag");
  const news = new Reader(has("event"));
  assert.deepEqual(
    [news.varint(), news.varint(), news.varint(), news.done],
    [0, client.player, other.client.player, true],
  );
});

test("a failed join tells why and what to do", async () => {
  const nowhere = await refusal({ room: "zzzzzzzz" });
  assert.ok(nowhere instanceof TickwireError);
  assert.deepEqual([nowhere.code, nowhere.reason], [4010, "no_such_room"]);
  assert.equal((await refusal({ room: "<script>" })).code, 4010);
  assert.equal((await refusal({ game: "chess" })).code, 4012);
  assert.equal((await refusal({ create: { map: "nowhere" }, fresh: true })).code, 1008);
  assert.equal((await refusal({ url: "ws://127.0.0.1:1/play" })).code, 1006);
  assert.equal((await refusal({ game: "tag", wasm: CORES.arena })).code, 4012);
  assert.equal((await refusal({ url: "play" })).reason, "bad_url");
});

test("a server that sends nonsense ends the session with a reason", async () => {
  for (const bytes of [[7, 1, 2], [0, 0], [0, 2, 1, 1], [0], [], [1, 0, 0, 0, 0]]) {
    const transport = () => {
      const socket = { send() {}, close() {} };
      queueMicrotask(() => {
        socket.onopen();
        socket.onmessage({ data: Uint8Array.from(bytes).buffer });
      });
      return socket;
    };
    const error = await refusal({ transport });
    assert.ok([4001, 4002, 4012].includes(error.code), `${bytes}: ${error.code} ${error.text}`);
  }
});

test("a client that cannot read its server leaves: its seat is not kept", async () => {
  const other = await join("ada", { fresh: true });
  const { client, has, sockets } = await join("bob", { room: other.client.room });
  await until(() => other.has("player-joined"), "bob is there");
  sockets.at(-1).onmessage({ data: Uint8Array.of(7, 1, 2).buffer });
  await until(() => client.state === "closed", "the session is over");
  assert.deepEqual([has("closed").reason, has("closed").by_server], ["unknown_message", false]);
  await until(() => other.has("player-left"), "bob left, though seats are kept for 30 s");
  assert.deepEqual(other.client.roster.map((entry) => entry.name), ["ada"]);
});

test("an idle client wakes up once per tick and once per message, not from early timers", async () => {
  const { client } = await join("ada", { fresh: true });
  const woken = () => ({ by: client.tick + client.stats().messages_in, frames: client.stats().frames });
  await until(() => client.stats().frames > 0, "something to show");
  const before = woken();
  await until(() => woken().by > before.by + 90, "ticks pass");
  const [by, frames] = [woken().by - before.by, woken().frames - before.frames];
  assert.ok(frames < by * 1.25, `woken ${frames} times by ${by} ticks and messages`);
});
