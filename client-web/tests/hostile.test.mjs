// Both modules get a recorded session with faults: they go on or end with a reason, but never trap.
// client-web/examples/record.rs makes the recording; RECORDINGS names its folder.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { Core } from "../../pages/web/core.js";
import { messagesOf } from "./recording.mjs";

const ROUNDS = 3_000;
/** The number of messages from the start of the session, including the handshake and a keyframe. */
const MESSAGES = 12;

/** xorshift32, so that a failing seed can be repeated. */
function randomOf(seed) {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function spoil(bytes, random) {
  const spoiled = Buffer.from(bytes);
  switch (random(4)) {
    case 0:
      return spoiled.subarray(0, random(spoiled.length + 1));
    case 1:
      return Buffer.concat([spoiled, Buffer.from(Array.from({ length: 1 + random(8) }, () => random(256)))]);
    default:
      for (let count = 1 + random(4); count > 0; count -= 1) {
        spoiled[random(spoiled.length)] ^= 1 << random(8);
      }
      return spoiled;
  }
}

for (const [module, recording] of [["arena", "arena"], ["tickwire", "generic"]]) {
  test(`${module}.wasm handles faulty messages without a trap`, async () => {
    const compiled = await WebAssembly.compile(
      readFileSync(new URL(`../../pages/built/${module}.wasm`, import.meta.url)),
    );
    const messages = messagesOf(readFileSync(join(process.env.RECORDINGS, `${recording}.bin`)), MESSAGES);
    let ended = 0;
    for (let seed = 1; seed <= ROUNDS; seed += 1) {
      const random = randomOf(seed);
      // One instance is one client.
      const core = new Core(await WebAssembly.instantiate(compiled, {}));
      core.start("ada", "arena", false, { match: [] });
      const spoiledAt = random(messages.length);
      let close = null;
      try {
        for (const [at, { now, bytes }] of messages.entries()) {
          const taken = core.receive(now, at === spoiledAt ? spoil(bytes, random) : bytes);
          core.advance(now + 5);
          while (core.transmit() !== null);
          for (let event = core.event(); event !== null; event = core.event()) {
            close ??= event.type === "closed" ? event.told : null;
          }
          core.view(now + 5);
          core.statistics(now + 5);
          if (!taken) break;
        }
      } catch (error) {
        // If JavaScript refuses something that the core accepted, that also ends the session, but it is not a
        // trap.
        assert.ok(!(error instanceof WebAssembly.RuntimeError), `seed ${seed}: ${error.stack}`);
        assert.ok(error instanceof Error, `seed ${seed}`);
        continue;
      }
      if (close !== null) {
        ended += 1;
        assert.ok(close.code >= 1000 && close.text.length > 0, `seed ${seed}`);
      }
    }
    assert.ok(ended > ROUNDS / 10, `only ${ended} sessions ended`);
  });
}
