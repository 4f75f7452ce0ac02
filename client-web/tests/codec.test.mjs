// The codec against bytes from docs/protocol.md, section 2.
import assert from "node:assert/strict";
import test from "node:test";
import { DecodeError, Reader, Writer } from "../../pages/web/codec.js";

test("numbers are written in their shortest form and read back", () => {
  const cases = [
    [0, [0]], [250, [250]], [251, [251, 251, 0]], [65_535, [251, 255, 255]], [65_536, [252, 0, 0, 1, 0]],
    [4_294_967_296, [253, 0, 0, 0, 0, 1, 0, 0, 0]], [2 ** 53 - 1, [253, 255, 255, 255, 255, 255, 255, 31, 0]],
  ];
  for (const [value, bytes] of cases) {
    assert.deepEqual([...new Writer().varint(value).done()], bytes);
    assert.equal(new Reader(Uint8Array.from(bytes)).varint(), value);
  }
  for (const [value, byte] of [[0, 0], [-1, 1], [1, 2], [-125, 249], [125, 250]]) {
    assert.deepEqual([...new Writer().zigzag(value).done()], [byte]);
    assert.equal(new Reader(Uint8Array.of(byte)).zigzag(), value);
  }
  assert.throws(() => new Writer().varint(-1), RangeError);
  assert.throws(() => new Writer().varint(0.5), RangeError);
});

test("texts, lists and options are read back", () => {
  const bytes = new Writer().text("Zoë").option(7, (to, value) => to.u8(value)).option(null, () => {})
    .list([1, -1], (to, value) => to.zigzag(value)).f32(0.5).bool(true).done();
  const from = new Reader(bytes);
  assert.equal(from.text(), "Zoë");
  assert.equal(from.option(() => from.u8()), 7);
  assert.equal(from.option(() => from.u8()), null);
  assert.deepEqual(from.list(() => from.zigzag()), [1, -1]);
  assert.equal(from.f32(), 0.5);
  assert.equal(from.bool(), true);
  assert.ok(from.done);
});

test("hostile bytes are refused without allocating the announced length", () => {
  const refused = [
    (from) => from.u8(), [],
    (from) => from.text(), [253, 255, 255, 255, 255, 255, 255, 15, 0],
    (from) => from.list(() => from.u8()), [252, 255, 255, 255, 127],
    (from) => from.varint(), [253, 255, 255, 255, 255, 255, 255, 255, 255],
    (from) => from.varint(), [254],
    // Not in the shortest form.
    (from) => from.varint(), [251, 250, 0],
    (from) => from.varint(), [252, 255, 255, 0, 0],
    (from) => from.varint(), [253, 255, 255, 255, 255, 0, 0, 0, 0],
    (from) => from.option(() => from.u8()), [2, 7],
    (from) => from.bool(), [2],
    (from) => from.text(), [2, 0xc3, 0x28],
  ];
  for (let at = 0; at < refused.length; at += 2) {
    assert.throws(
      () => refused[at](new Reader(Uint8Array.from(refused[at + 1]))),
      DecodeError,
      `case ${at / 2}`,
    );
  }
});

test("a Writer or Reader refuses wrong values instead of changing them", () => {
  for (const value of ["x", 1, 0, null, undefined]) {
    assert.throws(() => new Writer().bool(value), TypeError, String(value));
  }
  for (const value of [1e300, -1e300, 3.5e38]) {
    assert.throws(() => new Writer().f32(value), RangeError, String(value));
  }
  for (const value of [3.4028234663852886e38, Infinity, -Infinity, NaN]) {
    assert.equal(new Reader(new Writer().f32(value).done()).f32(), value);
  }
  for (const text of ["\ud800", "a\udc00b", "\udc00\ud800"]) {
    assert.throws(() => new Writer().text(text), TypeError);
  }
  assert.equal(new Reader(new Writer().text("\u{1f680}").done()).text(), "\u{1f680}");
  for (const bytes of [new Uint16Array(2), new Float32Array(1), new DataView(new ArrayBuffer(2))]) {
    assert.throws(() => new Reader(bytes), TypeError);
  }
  assert.equal(new Reader(Uint8Array.of(9, 7).subarray(1)).u8(), 7);
  assert.equal(new Reader(Buffer.from([7])).u8(), 7);
  assert.equal(new Reader(Uint8Array.of(7).buffer).u8(), 7);
});

test("an error has the name of its class", () => {
  assert.throws(() => new Reader(new Uint8Array()).u8(), { name: "DecodeError" });
  assert.equal(new DecodeError("x").name, "DecodeError");
});
