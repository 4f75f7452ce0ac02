// The codec of control messages, settings, events and commands: docs/protocol.md, section 2.

import { need, told, within } from "./check.js";

/** A malformed value. When the client reads it from the server, it ends the session. */
export class DecodeError extends Error {
  name = "DecodeError";
}

const TEXT = new TextDecoder("utf-8", { fatal: true });
const UTF8 = new TextEncoder();
/** The longest list that may be announced: every item has at least one byte. */
const ITEMS_MAX = 65_536;

/** Reads the codec. Every read is checked against the end of the bytes. */
export class Reader {
  #view;
  #at = 0;

  constructor(bytes) {
    need(
      bytes instanceof ArrayBuffer || bytes instanceof Uint8Array,
      "a Reader's bytes",
      "a Uint8Array",
      bytes,
    );
    const { buffer, byteOffset, byteLength } = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
    this.#view = new DataView(buffer, byteOffset, byteLength);
  }

  get done() {
    return this.#at === this.#view.byteLength;
  }

  #take(bytes) {
    const at = this.#at;
    if (bytes > this.#view.byteLength - at) throw new DecodeError("the bytes end too early");
    this.#at += bytes;
    return at;
  }

  u8() {
    return this.#view.getUint8(this.#take(1));
  }

  i8() {
    return this.#view.getInt8(this.#take(1));
  }

  bool() {
    const value = this.u8();
    if (value > 1) throw new DecodeError("a bool is 0 or 1");
    return value === 1;
  }

  /** A BigInt if it has the 8-byte form. */
  #varint() {
    const first = this.u8();
    if (first < 251) return first;
    if (first > 253) throw new DecodeError("this is not the first byte of a number");
    const [value, least] = first === 251 ? [this.#view.getUint16(this.#take(2), true), 251]
      : first === 252 ? [this.#view.getUint32(this.#take(4), true), 0x1_0000]
      : [this.#view.getBigUint64(this.#take(8), true), 0x1_0000_0000];
    if (value < least) throw new DecodeError("the number is not in its shortest form");
    return value;
  }

  /** u16, u32, lengths, variant numbers. Throws beyond 2^53, or if the number is not in its shortest form. */
  varint() {
    return numberOf(this.#varint(), "u64()");
  }

  u64() {
    return BigInt(this.#varint());
  }

  /** i16, i32. */
  zigzag() {
    return numberOf(this.i64(), "i64()");
  }

  i64() {
    const value = this.u64();
    return (value >> 1n) ^ -(value & 1n);
  }

  f32() {
    return this.#view.getFloat32(this.#take(4), true);
  }

  f64() {
    return this.#view.getFloat64(this.#take(8), true);
  }

  text() {
    try {
      return TEXT.decode(this.bytes());
    } catch (error) {
      throw error instanceof DecodeError ? error : new DecodeError("the text is not UTF-8");
    }
  }

  /** A list of u8: a copy. */
  bytes() {
    const length = this.varint();
    const at = this.#take(length) + this.#view.byteOffset;
    return new Uint8Array(this.#view.buffer.slice(at, at + length));
  }

  option(read) {
    need(typeof read === "function", "option's read", "a function", read);
    return this.bool() ? read(this) : null;
  }

  list(read) {
    need(typeof read === "function", "list's read", "a function", read);
    const length = this.varint();
    if (length > Math.min(ITEMS_MAX, this.#view.byteLength - this.#at)) {
      throw new DecodeError("the list is too long");
    }
    return Array.from({ length }, () => read(this));
  }
}

function numberOf(value, big) {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new DecodeError(`the number is beyond 2^53: read it with ${big}, as a BigInt`);
  }
  return number;
}

/** `value` as a BigInt, if it is an integer of 64 bits. */
function bigOf(name, value, fit) {
  const big = typeof value === "bigint" ? value : Number.isSafeInteger(value) ? BigInt(value) : null;
  if (big === null || fit(64, big) !== big) {
    throw new RangeError(`${name} takes a BigInt of its range or an integer within 2^53, not ${told(value)}`);
  }
  return big;
}

const isSafe = (value, big) => {
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`${told(value)} is not an integer within 2^53: ${big} takes a BigInt`);
  }
};

/** Writes the codec. */
export class Writer {
  #bytes = [];

  #put(bytes, set, value) {
    const view = new DataView(new ArrayBuffer(bytes));
    view[set](0, value, true);
    this.#bytes.push(...new Uint8Array(view.buffer));
    return this;
  }

  u8(value) {
    within("u8(value)", value, 0, 255, "an integer from 0 to 255", Number.isInteger(value));
    return this.#put(1, "setUint8", value);
  }

  i8(value) {
    within("i8(value)", value, -128, 127, "an integer from -128 to 127", Number.isInteger(value));
    return this.#put(1, "setInt8", value);
  }

  bool(value) {
    need(typeof value === "boolean", "bool(value)", "true or false", value);
    return this.u8(value ? 1 : 0);
  }

  /** Non-negative integers, in the shortest form. */
  varint(value) {
    isSafe(value, "u64()");
    return this.u64(value);
  }

  u64(value) {
    const big = bigOf("u64()", value, BigInt.asUintN);
    if (big < 251n) return this.u8(Number(big));
    if (big < 0x1_0000n) return this.u8(251).#put(2, "setUint16", Number(big));
    if (big < 0x1_0000_0000n) return this.u8(252).#put(4, "setUint32", Number(big));
    return this.u8(253).#put(8, "setBigUint64", big);
  }

  zigzag(value) {
    isSafe(value, "i64()");
    return this.i64(value);
  }

  i64(value) {
    const big = bigOf("i64()", value, BigInt.asIntN);
    return this.u64(big < 0n ? -2n * big - 1n : 2n * big);
  }

  f32(value) {
    need(typeof value === "number", "f32(value)", "a number", value);
    need(
      Number.isFinite(Math.fround(value)) || !Number.isFinite(value),
      "f32(value)",
      "within the range of f32",
      value,
      RangeError,
    );
    return this.#put(4, "setFloat32", value);
  }

  f64(value) {
    need(typeof value === "number", "f64(value)", "a number", value);
    return this.#put(8, "setFloat64", value);
  }

  text(value) {
    need(typeof value === "string", "text(value)", "a text", value);
    need(
      !/\p{Cs}/u.test(value),
      "text(value)",
      "Unicode without unpaired surrogates (toWellFormed() replaces them)",
      value,
    );
    return this.bytes(UTF8.encode(value));
  }

  bytes(value) {
    need(value instanceof Uint8Array, "bytes(value)", "a Uint8Array", value);
    this.varint(value.length);
    for (const byte of value) this.#bytes.push(byte);
    return this;
  }

  option(value, write) {
    need(typeof write === "function", "option's write", "a function", write);
    this.bool(value != null);
    if (value != null) write(this, value);
    return this;
  }

  list(values, write) {
    need(typeof write === "function", "list's write", "a function", write);
    need(Array.isArray(values) || ArrayBuffer.isView(values), "list(values)", "an array", values);
    this.varint(values.length);
    for (const value of values) write(this, value);
    return this;
  }

  done() {
    return Uint8Array.from(this.#bytes);
  }
}

/** The longest player name, bytes. */
const NAME_BYTES_MAX = 32;

/** The longest prefix of `name` that fits, without control characters. */
export function nameOf(name) {
  const clean = String(name).replace(/\p{Cc}/gu, " ").replace(/\p{Cs}/gu, "\ufffd");
  let fits = "";
  for (const character of clean) {
    if (new TextEncoder().encode(fits + character).length > NAME_BYTES_MAX) break;
    fits += character;
  }
  return fits.trim() || "guest";
}
