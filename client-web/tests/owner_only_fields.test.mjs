// The generic core shows owner-only fields, and interpolates positions between the steps of their grid.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Core } from "../../pages/web/core.js";

const web = new URL("../../pages/built/", import.meta.url);
const recordings = process.env.RECORDINGS ?? "target/wasm";

/**
 * Plays the recording of client-web/examples/record/own.rs (per message: time in ms, length, bytes) at 240
 * Hz.
 */
async function play(drawn) {
  const core = await Core.create(readFileSync(new URL("tickwire.wasm", web)));
  core.start("ada", "miners", false, { match: [] });
  const recording = readFileSync(`${recordings}/own.bin`);
  let at = 0;
  let now = 0;
  for (; at < recording.length; now += 1000 / 240) {
    for (; at < recording.length && recording.readDoubleLE(at) <= now; ) {
      const length = recording.readUInt32LE(at + 8);
      assert.ok(core.receive(recording.readDoubleLE(at), recording.subarray(at + 12, at + 12 + length)));
      at += 12 + length;
    }
    core.advance(now);
    while (core.transmit() !== null);
    while (core.event() !== null);
    if (core.facts !== null) drawn(core, core.view(now));
  }
  return [core, core.view(now)];
}

test("the player's own entity has its bombs, another entity none", async () => {
  const [core, entities] = await play(() => {});
  const miners = entities.map(({ kind, own, bombs }) => ({ kind, own, bombs }));
  assert.deepEqual(miners, [
    { kind: "miner", own: true, bombs: 9 },
    { kind: "miner", own: false, bombs: 0 },
  ]);
  assert.ok(core.facts.schema.kinds[0].fields.some(({ name, own }) => name === "bombs" && own));
});

test("an entity that moves one tile per tick is drawn in steps of less than a fifth of a tile", async () => {
  const places = [];
  await play((core, entities) => {
    const other = entities.find(({ own }) => !own);
    if (core.tick(0) > 30 && other !== undefined) places.push(other.pos.x);
  });
  const steps = places.slice(1).map((place, at) => place - places[at]);
  assert.ok(steps.length > 100 && Math.max(...steps) < 1.5 / 8, `${Math.max(...steps)}`);
  assert.ok(Math.min(...steps) >= 0);
});
