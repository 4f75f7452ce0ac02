// 64-bit numbers keep all digits: in the codec, and in events, settings and commands of a built-in game.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DecodeError, Reader, Writer } from "../../pages/web/codec.js";
import { parse, stringify } from "../../pages/web/json.js";
import { ABI, Core } from "../../pages/web/core.js";
import { openStage } from "./joining.mjs";

const bytes = (...all) => Uint8Array.from(all);
const U64 = [
  [0n, [0]], [250n, [250]], [251n, [251, 251, 0]], [2n ** 32n, [253, 0, 0, 0, 0, 1, 0, 0, 0]],
  [2n ** 53n, [253, 0, 0, 0, 0, 0, 0, 32, 0]], [2n ** 53n + 1n, [253, 1, 0, 0, 0, 0, 0, 32, 0]],
  [2n ** 64n - 1n, [253, 255, 255, 255, 255, 255, 255, 255, 255]],
];
const I64 = [
  [0n, [0]], [-1n, [1]], [1n, [2]], [-126n, [251, 251, 0]],
  [2n ** 63n - 1n, [253, 254, 255, 255, 255, 255, 255, 255, 255]],
  [-(2n ** 63n), [253, 255, 255, 255, 255, 255, 255, 255, 255]],
];

test("u64 and i64 are read and written without loss", () => {
  for (const [call, cases] of [["u64", U64], ["i64", I64]]) {
    for (const [value, coded] of cases) {
      assert.deepEqual([...new Writer()[call](value).done()], coded, `${call} ${value}`);
      assert.equal(new Reader(bytes(...coded))[call](), value);
    }
  }
  assert.deepEqual([...new Writer().u64(251).done()], [251, 251, 0], "a number is accepted, too");
  assert.deepEqual([...new Writer().i64(-1).done()], [1]);
  const edge = 2 ** 53 - 1;
  for (const value of [edge, -edge]) {
    assert.equal(new Reader(new Writer().zigzag(value).done()).zigzag(), value);
  }
  assert.equal(Object.is(new Reader(bytes(0)).zigzag(), 0), true);
});

test("a value that does not fit is refused, and the error names the right call", () => {
  const writes = [
    (to) => to.varint(2 ** 53), /u64\(\)/, (to) => to.varint(2n ** 60n), /u64\(\)/,
    (to) => to.varint(NaN), /u64\(\)/, (to) => to.zigzag(2 ** 53), /i64\(\)/,
    (to) => to.zigzag(0.5), /i64\(\)/, (to) => to.zigzag(5n), /i64\(\)/, (to) => to.u64(2n ** 64n), /u64/,
    (to) => to.u64(-1n), /u64/, (to) => to.u64(2 ** 60), /u64/, (to) => to.u64("5"), /u64/,
    (to) => to.i64(2n ** 63n), /i64/, (to) => to.i64(-(2n ** 63n) - 1n), /i64/, (to) => to.i64(0.5), /i64/,
    (to) => to.i64(null), /i64/, (to) => to.u8(256), /u8/, (to) => to.u8(-1), /u8/, (to) => to.u8(1.5), /u8/,
    (to) => to.u8("1"), /u8/, (to) => to.u8(1n), /u8/, (to) => to.i8(128), /i8/, (to) => to.i8(-129), /i8/,
    (to) => to.i8(NaN), /i8/, (to) => to.f32("5"), /f32/, (to) => to.f64(undefined), /f64/,
    (to) => to.f64(5n), /f64/, (to) => to.text(5), /text/, (to) => to.text(null), /text/,
    (to) => to.bytes([1, 2]), /bytes/, (to) => to.bytes("ab"), /bytes/, (to) => to.list(5, () => {}), /list/,
    (to) => to.list(null, () => {}), /list/,
  ];
  for (let at = 0; at < writes.length; at += 2) {
    const to = new Writer();
    const isOurs = (error) =>
      [TypeError, RangeError].includes(error.constructor) && writes[at + 1].test(error.message);
    assert.throws(() => writes[at](to), isOurs, `${writes[at]}`);
    assert.equal(to.done().length, 0, "nothing was written");
  }
  const beyond = bytes(253, 0, 0, 0, 0, 0, 0, 32, 0);
  const names = (call) => (error) => error instanceof DecodeError && error.message.includes(call);
  assert.throws(() => new Reader(beyond).varint(), names("u64()"));
  assert.throws(
    () => new Reader(bytes(253, 255, 255, 255, 255, 255, 255, 255, 255)).zigzag(),
    names("i64()"),
  );
  for (const from of [null, undefined, 5, "ab", [1]]) assert.throws(() => new Reader(from), TypeError);
  assert.throws(
    () => new Reader(bytes(253, 1, 0, 0, 0, 0, 0, 0, 0)).u64(),
    DecodeError,
    "not the shortest form",
  );
});

test("JSON has integers beyond 2^53 as BigInt, and nothing else changes", () => {
  const text =
    '{"id":18446744073709551615,"low":-9223372036854775808,"edge":9007199254740991,' +
    '"next":9007199254740992,"name":"9007199254740993","quoted":"say \\"9007199254740993\\" \\\\",' +
    '"9007199254740993":[9007199254740993,1e300,1.2345678901234567,12345678901234567e2,-0.5,null]}';
  const value = parse(text);
  assert.deepEqual(
    [value.id, value.low, value.edge, value.next],
    [2n ** 64n - 1n, -(2n ** 63n), 2 ** 53 - 1, 2n ** 53n],
  );
  assert.deepEqual([value.name, value.quoted], ["9007199254740993", 'say "9007199254740993" \\']);
  assert.deepEqual(value["9007199254740993"], [
    9007199254740993n, 1e300, 1.2345678901234567, 12345678901234567e2, -0.5, null,
  ]);
  assert.deepEqual(parse('{"a":1}'), { a: 1 });
  assert.throws(() => parse("{12345678901234567890"), SyntaxError);
  assert.equal(
    stringify({ id: 2n ** 64n - 1n, list: [-5n], text: "5n", n: 1.5 }),
    '{"id":18446744073709551615,"list":[-5],"text":"5n","n":1.5}',
  );
  BigInt.prototype.toJSON = function () {
    return `${this}`;
  };
  try {
    assert.equal(stringify({ id: 5n }), '{"id":5}', "even if the page has given BigInt a toJSON");
  } finally {
    delete BigInt.prototype.toJSON;
  }
  for (const lossy of [2 ** 53, -(2 ** 60), NaN, Infinity]) {
    assert.throws(() => stringify({ to: [lossy] }), /BigInt/);
  }
  assert.equal(stringify("Surrender"), '"Surrender"');
  assert.equal(stringify(1e300), "1e+300");
});

/** A core of a game with accounts, with a stand-in for its module. */
function accounts(told) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const given = [];
  const tell = (bytes) => (new Uint8Array(memory.buffer, 8).set(bytes), bytes.length);
  const json = (text) => [...new TextEncoder().encode(text)];
  const schema = new Writer()
    .varint(1)
    .list([], () => {})
    .list([], () => {})
    .done();
  const facts = new Writer()
    .text("00000001")
    .option([1, 5], (to, [id, entity]) => to.varint(id).varint(entity))
    .varint(30)
    .list([], () => {})
    .bytes(Uint8Array.from(json('{"owner":18446744073709551615}')))
    .bytes(schema)
    .list([], () => {})
    .done();
  const exports = {
    memory,
    tw_abi: () => ABI,
    tw_is_built_in: () => 1,
    tw_in: () => 1_024,
    tw_out: () => 8,
    tw_facts: () => tell(facts),
    tw_event: () => (told.length === 0 ? 0 : tell(told.shift())),
    tw_command: (length) => (
      given.push(new TextDecoder().decode(new Uint8Array(memory.buffer, 1_024, length))),
      0
    ),
  };
  return { core: new Core({ exports }), given, json };
}

test("events, settings and commands of a built-in game keep their digits", () => {
  const { core, given, json } = accounts([[0], [1]]);
  const second = accounts([[0], [1, ...json('{"Paid":{"from":9007199254740993,"to":7}}')]]).core;
  core.event();
  assert.equal(core.facts.settings.owner, 2n ** 64n - 1n);
  second.event();
  assert.deepEqual(second.event().told, { type: "Paid", from: 2n ** 53n + 1n, to: 7 });
  core.command({ Pay: { to: 2n ** 53n + 1n, sum: 5 } });
  assert.deepEqual(given, ['{"Pay":{"to":9007199254740993,"sum":5}}']);
});

test("a command with a BigInt reaches the server's game", async () => {
  const stage = await openStage();
  try {
    const client = await stage.join("ada", { fresh: true });
    const emote = new Promise((resolve) =>
      client.on("event", ({ type, emote }) => type === "Emoted" && resolve(emote)),
    );
    assert.throws(() => client.command({ Emote: 2 ** 60 }), RangeError);
    client.command({ Emote: 3n });
    assert.equal(await emote, 3);
  } finally {
    await stage.stop();
  }
});
