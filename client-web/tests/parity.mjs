// Repeats the calls of a recorded match (client-web/examples/record.rs) on a WebAssembly module and compares
// every result: the bytes that it sends, its events, state hashes, entities to draw, and statistics.
//
// node client-web/tests/parity.mjs MODULE.wasm RECORDING.bin
import { readFileSync } from "node:fs";
import { STATISTICS } from "../../pages/web/core.js";

const [modulePath, recordingPath] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(modulePath), {});
const wasm = instance.exports;
const recording = readFileSync(recordingPath);
let at = 0;

const u8 = () => recording[at++];
const u32 = () => recording.readUInt32LE((at += 4) - 4);
const f64 = () => recording.readDoubleLE((at += 8) - 8);
const bytes = () => {
  const length = u32();
  return recording.subarray(at, (at += length));
};

const memory = (from, length) => new Uint8Array(wasm.memory.buffer, from, length);
const put = (data) => {
  memory(wasm.tw_in(data.length), data.length).set(data);
  return data.length;
};
const out = (length) => Buffer.from(length === 0 ? [] : memory(wasm.tw_out(), length));
const fnv = (data) => data.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, 0x811c9dc5);

const counts = { receive: 0, transmit: 0, event: 0, view: 0, cut: 0, bytes: 0 };
let call = "";

function expect(what, got, wanted) {
  const same = Buffer.isBuffer(wanted) ? wanted.equals(got) : Object.is(got, wanted);
  if (same) return;
  console.error(
    `${modulePath}: at byte ${at}, after ${JSON.stringify(counts)}: ${call}: ${what} is`,
    got,
    "natively it is",
    wanted,
  );
  process.exit(1);
}

const CALLS = {
  1: ["start", () => expect("taken", wasm.tw_start(put(bytes())), 1)],
  2: ["receive", () => {
    const now = f64();
    const message = bytes();
    counts.receive += 1;
    counts.bytes += message.length;
    expect("taken", wasm.tw_receive(now, put(message)), u8());
    expect("the state hash", wasm.tw_state_hash() >>> 0, u32());
  }],
  3: ["advance", () => expect("when next", wasm.tw_advance(f64()), f64())],
  4: ["input", () => expect("taken", wasm.tw_input(f64(), put(bytes())), 1)],
  5: ["transmit", () => {
    const wanted = bytes();
    counts.transmit += wanted.length > 0 ? 1 : 0;
    expect("the message", out(wasm.tw_transmit()), Buffer.from(wanted));
  }],
  6: ["event", () => {
    const wanted = bytes();
    counts.event += wanted.length > 0 ? 1 : 0;
    expect("the event", out(wasm.tw_event()), Buffer.from(wanted));
  }],
  7: ["view", () => {
    counts.view += 1;
    const count = wasm.tw_view(f64());
    expect("the count of numbers", count, u32());
    expect("the hash of the numbers", fnv(memory(wasm.tw_view_at(), count * 8)), u32());
  }],
  8: ["command", () => expect("the result", wasm.tw_command(put(bytes())), u32())],
  9: ["reconnect", () => {
    counts.cut += 1;
    expect("a seat", wasm.tw_reconnect(f64()), u8());
  }],
  10: ["statistics", () => {
    const numbers = memory(wasm.tw_statistics(f64()), STATISTICS.length * 8);
    expect("the hash", fnv(numbers), u32());
  }],
};

while (at < recording.length) {
  const [name, run] = CALLS[u8()];
  call = name;
  run();
}
for (const [name, count] of Object.entries(counts)) expect(`the number of ${name}`, count > 0, true);
console.log(
  `${modulePath}: same as the native client over ${counts.receive} messages of ${counts.bytes} bytes: ` +
    `${counts.transmit} sent, ${counts.event} events, ${counts.view} views, ${counts.cut} cuts`,
);
