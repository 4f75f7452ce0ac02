// Measures a client's cost: replays a recording with two rendered frames per tick, as at 60 Hz, through
// core.js, and prints how long a rendered frame takes: decoding, predicting, interpolating, and making
// objects.
//
// cargo run --release -p tickwire-client-web --example record -- target/wasm/crowd 2000 62 node
// client-web/tests/frame_cost.mjs pages/built/arena.wasm target/wasm/crowd/arena.bin
import { readFileSync } from "node:fs";
import { Core } from "../../pages/web/core.js";

const [modulePath, recordingPath] = process.argv.slice(2);
const core = await Core.create(readFileSync(modulePath));
core.start("ada", "arena", false, { match: [] });
const recording = readFileSync(recordingPath);
const FIXED = { 3: 16, 7: 16, 9: 9, 10: 12 };
/** Frames to skip at the start, while the module is still being compiled. */
const WARM_UP = 300;

const frames_ms = [];
let entities = 0;
let spent_ms = 0;
const timed = (run) => {
  const started = performance.now();
  const result = run();
  spent_ms += performance.now() - started;
  return result;
};

for (let at = 0; at < recording.length; ) {
  const number = recording[at++];
  if (number in FIXED) {
    const now = recording.readDoubleLE(at);
    at += FIXED[number];
    if (number === 9) break;
    if (number === 3) timed(() => core.advance(now));
    if (number !== 7) continue;
    const list = timed(() => core.view(now));
    frames_ms.push(spent_ms);
    spent_ms = 0;
    if (frames_ms.length > WARM_UP) entities += list.length;
    continue;
  }
  const now = number === 2 || number === 4 ? recording.readDoubleLE((at += 8) - 8) : 0;
  const length = recording.readUInt32LE((at += 4) - 4);
  const bytes = recording.subarray(at, at + length);
  at += length + (number === 2 ? 5 : number === 8 ? 4 : 0);
  if (number === 2) timed(() => core.receive(now, bytes));
  while (core.transmit() !== null);
  while (core.event() !== null);
}

const measured = frames_ms.slice(WARM_UP).sort((a, b) => a - b);
const at = (part) => measured[Math.floor((measured.length - 1) * part)].toFixed(3);
const mean = measured.reduce((sum, ms) => sum + ms, 0) / measured.length;
console.log(
  `${modulePath}: ${measured.length} frames with ${(entities / measured.length).toFixed(0)} entities: ` +
    `mean ${mean.toFixed(3)} ms, median ${at(0.5)}, 99 % ${at(0.99)}, max ${at(1)}`,
);
