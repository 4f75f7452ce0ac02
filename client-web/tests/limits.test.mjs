// The kit's bounds: a value at the bound works, one past it is refused. Those of the protocol equal the
// numbers in shared/src/limits.rs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { DecodeError, Reader, Writer, nameOf } from "../../pages/web/codec.js";
import { Core } from "../../pages/web/core.js";
import { Link } from "../../pages/web/link.js";
import { messagesOf } from "./recording.mjs";

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** The value of a constant, a number or a text, in a file of the kit or in shared/src/limits.rs. */
function constant(path, name) {
  const found = read(path).match(new RegExp(`^(?:pub )?const ${name}(?:: [^=]+)? = ([^;]+);`, "m"));
  assert.ok(found, `${path} has no ${name}`);
  if (found[1].startsWith('"')) return found[1].slice(1, -1);
  const factors = found[1].replaceAll("_", "").split(" * ").map(Number);
  return factors.reduce((product, factor) => product * factor);
}

const limit = (name) => constant("shared/src/limits.rs", name);

test("the kit's bounds are those of the protocol", () => {
  for (const [path, name, theirs] of [
    ["pages/web/session.js", "COMMAND_BYTES_MAX", "RELIABLE_BYTES_MAX"],
    ["pages/web/session.js", "COMMANDS_WAITING_MAX", "RELIABLE_QUEUE_MAX"],
    ["pages/web/session.js", "GRACE_MS", "RESUME_GRACE_MS"],
    ["pages/web/codec.js", "NAME_BYTES_MAX", "NAME_BYTES_MAX"],
    // A list has at most as many items as the largest part of a message has bytes: the settings, the schema.
    ["pages/web/codec.js", "ITEMS_MAX", "SETTINGS_BYTES_MAX"],
    ["pages/web/codec.js", "ITEMS_MAX", "SCHEMA_BYTES_MAX"],
  ]) {
    assert.equal(constant(path, name), limit(theirs), `${name} in ${path} is ${theirs}`);
  }
  assert.ok(read("pages/web/link.js").includes(`make(url, "${limit("SUBPROTOCOL")}")`));
});

test("NAME_BYTES_MAX: the longest name is kept, and a longer one is cut between characters", () => {
  const most = constant("pages/web/codec.js", "NAME_BYTES_MAX");
  for (const [character, bytes] of [["x", 1], ["é", 2], ["😀", 4]]) {
    const longest = character.repeat(most / bytes);
    assert.equal(nameOf(longest), longest);
    assert.equal(nameOf(longest + character), longest);
    assert.equal(nameOf(`x${longest}`), `x${character.repeat((most - 1 - ((most - 1) % bytes)) / bytes)}`);
  }
  assert.equal(nameOf("x".repeat(100_000)).length, most);
});

test("ITEMS_MAX: the longest list is read, and a longer one is refused before memory is allocated", () => {
  const most = constant("pages/web/codec.js", "ITEMS_MAX");
  const list = (count) => Buffer.concat([new Writer().varint(count).done(), Buffer.alloc(count, 7)]);
  const read = (bytes) => new Reader(Uint8Array.from(bytes)).list((from) => from.u8());
  assert.equal(read(list(most)).length, most);
  assert.throws(() => read(list(most + 1)), DecodeError);
  // A list cannot have more items than bytes, even if its items have no bytes.
  const empty = Uint8Array.of(...new Writer().varint(most).done());
  assert.throws(() => new Reader(empty).list(() => null), DecodeError);
  assert.throws(() => new Reader(Uint8Array.of(253, 0, 0, 0, 0, 0, 0, 16, 0)).list(() => null), DecodeError);
});

/** A link with a lag of a minute over a socket that records sent messages; and the received ones. */
function laggingLink() {
  const [sent, heard] = [[], []];
  const socket = { send: (bytes) => sent.push(bytes), close() {} };
  const lag = () => ({ delay_ms: 60_000 });
  const link = new Link(() => socket, "ws://nowhere", lag, {
    open() {},
    message: (bytes) => heard.push(bytes[0]),
    close() {},
  });
  socket.onopen();
  return { link, socket, sent, heard };
}

test("WAITING_MAX: one message too many makes the simulated lag send all early, in order", () => {
  const most = constant("pages/web/link.js", "WAITING_MAX");
  const { link, socket, sent, heard } = laggingLink();
  const message = (at) => ({ data: Uint8Array.of(at % 251).buffer });
  for (let at = 0; at < most; at += 1) {
    link.send(at);
    socket.onmessage(message(at));
  }
  assert.deepEqual([sent.length, heard.length], [0, 0]);
  link.send(most);
  socket.onmessage(message(most));
  const all = Array.from({ length: most + 1 }, (_, at) => at);
  assert.deepEqual(sent, all);
  assert.deepEqual(heard, all.map((at) => at % 251));
  link.send(-1);
  assert.equal(sent.length, most + 1, "after that, messages wait again");
  link.drop(4000);
  assert.equal(sent.at(-1), -1, "waiting messages are sent before the link is dropped");
});

const compiled = (module) =>
  WebAssembly.compile(readFileSync(new URL(`../../pages/built/${module}.wasm`, import.meta.url)));

/** A generic core that has just joined the recorded room. */
async function joinedCore() {
  const core = new Core(await WebAssembly.instantiate(await compiled("tickwire"), {}));
  core.start("ada", "arena", false, { match: [] });
  for (const { now, bytes } of messagesOf(readFileSync(join(process.env.RECORDINGS, "generic.bin")), 4)) {
    assert.ok(core.receive(now, bytes));
    while (core.transmit() !== null);
  }
  while (core.event() !== null);
  assert.notEqual(core.facts, null, "it has joined");
  return core;
}

test("COMMAND_BYTES_MAX: the longest command is queued, and one byte more is refused", async () => {
  const most = constant("pages/web/session.js", "COMMAND_BYTES_MAX");
  const core = await joinedCore();
  assert.equal(core.command(new Uint8Array(most)), 0);
  for (const bytes of [most + 1, 2 * most, 100_000]) {
    assert.equal(core.command(new Uint8Array(bytes)), 2, `${bytes} bytes`);
  }
});

test("COMMANDS_WAITING_MAX: that many commands wait, and one more is refused", async () => {
  const most = constant("pages/web/session.js", "COMMANDS_WAITING_MAX");
  const core = await joinedCore();
  for (let at = 0; at < most; at += 1) assert.equal(core.command(Uint8Array.of(at)), 0, `command ${at}`);
  for (let at = 0; at < 3; at += 1) assert.equal(core.command(Uint8Array.of(1)), 1);
});
