// A core's output becomes events and facts. A stand-in for the WebAssembly module plays the room.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Writer } from "../../pages/web/codec.js";
import { ABI, Core } from "../../pages/web/core.js";

const entry = (to, { player, entity, name }) => to.varint(player).varint(entity).text(name);

/** A core whose module returns these facts and these events, each its number and its content. */
function coreOf(facts, events) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const tell = (bytes) => {
    new Uint8Array(memory.buffer, 8).set(bytes);
    return bytes.length;
  };
  const exports = {
    memory,
    tw_abi: () => ABI,
    tw_is_built_in: () => 0,
    tw_out: () => 8,
    tw_facts: () => tell(facts),
    tw_event: () => (events.length === 0 ? 0 : tell(events.shift())),
  };
  return new Core({ exports });
}

const told = (number, writer = new Writer()) => Uint8Array.of(number, ...writer.done());

const whole = (to, name) =>
  to.text(name).zigzag(-1).zigzag(1).varint(1).bool(false).varint(0).bool(false).bool(false).varint(0);

function room(player, roster, input = []) {
  const schema = new Writer().varint(1).list([], () => {}).list(input, whole);
  return new Writer()
    .text("00000001")
    .option(player, (to, [id, entity]) => to.varint(id).varint(entity))
    .varint(30)
    .list(roster, entry)
    .bytes(new Uint8Array())
    .bytes(schema.done())
    .list(input, (to) => to.zigzag(0))
    .done();
}

test("a control that the game does not have is refused with those that it has", () => {
  const core = coreOf(room([1, 5], [], ["way.x", "way.y", "fire"]), [told(0)]);
  core.event();
  const refused = (controls, text) => assert.throws(() => core.input(0, controls, false), { message: text });
  refused({ way: 1 }, 'the input\'s field "way" is a vector: { x, y }');
  refused({ wya: { x: 1 } }, 'the game\'s input has no field "wya.x"; it has "way.x", "way.y", "fire"');
  core.input(0, { way: { x: 1, y: 0 }, fire: 1 }, false);
});

test("a player's new entity, or none, shows in the roster, and for the client's player in entityId", () => {
  const ada = { player: 1, entity: 5, name: "ada" }, bob = { player: 2, entity: 0, name: "bob" };
  const changed = (who) => told(7, entry(new Writer(), who));
  const core = coreOf(room([1, 5], [ada, bob]), [
    told(0), changed({ ...bob, entity: 300 }), changed({ ...ada, entity: 0 }),
    changed({ ...ada, entity: 4_000_000_000 }),
  ]);
  assert.equal(core.event().type, "joined");
  assert.deepEqual([core.facts.entityId, core.facts.roster], [5, [ada, { ...bob, entity: null }]]);
  assert.deepEqual(core.event(), { type: "player-changed", told: { ...bob, entity: 300 } });
  assert.equal(core.facts.entityId, 5, "another player's");
  assert.deepEqual(core.event().told, { ...ada, entity: null });
  assert.deepEqual([core.facts.entityId, core.facts.roster[0].entity], [null, null]);
  core.event();
  assert.deepEqual(
    [core.facts.entityId, core.facts.roster.map((who) => who.entity)],
    [4_000_000_000, [4_000_000_000, 300]],
  );
  assert.equal(core.event(), null);
});

test("a player that joins without an entity has none, and `events-dropped` has the count", () => {
  const core = coreOf(room([1, 0], []), [told(0), told(6, new Writer().varint(1_000))]);
  core.event();
  assert.deepEqual([core.facts.player, core.facts.entityId], [1, null]);
  assert.deepEqual(core.event(), { type: "events-dropped", told: { count: 1_000 } });
});
