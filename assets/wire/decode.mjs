// A reference decoder of snapshot payloads, in plain JavaScript: to read next to docs/protocol.md, and to
// test a decoder of your own. It reads both profiles; it does not check that a payload is the one legal
// encoding.
//
// `node assets/wire/decode.mjs` decodes every payload of vectors.txt and compares the result.
//
// A schema is a list of kinds, each { name, fields: [{ name, grid: { min, max, per_unit, wrap }, predictor,
// own }] }. A predictor is { hold: true }, { linear: velocity }, { steer: target, lag_ms } or { custom: true
// }; `own` marks an owner-only field. With `custom` fields the schema also needs the game's step, a function
// of rows: `schema.step = (rows) => ...` (section 6.1). A state is { tick, rows: [[id, kind, [values]], ...]
// }.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The tick rate of the vectors' room; in a session, `Joined` contains it. */
const TICK_RATE_HZ = 30;
const HASH_PERIOD_TICKS = 32, GROUP_ROWS = 8, ONE = 32768;
const EXACT_STEPS = Math.max(8, Math.ceil((8 * TICK_RATE_HZ) / 30));

// --- grids and predictors: section 4 ----------------------------------------------------------------------

const span = (grid) => grid.max - grid.min + 1;
const bitsOf = (grid) => (span(grid) === 1 ? 0 : 32 - Math.clz32(grid.max - grid.min));
/** The value in a state in place of an owner-only field. */
const hidden = (grid) => Math.min(Math.max(0, grid.min), grid.max);
const modulo = (value, by) => ((value % by) + by) % by;

function fit(grid, value) {
  if (grid.wrap) return grid.min + modulo(value - grid.min, span(grid));
  return Math.min(Math.max(value, grid.min), grid.max);
}

function distance(grid, from, to) {
  const straight = to - from, half = Math.floor(span(grid) / 2);
  return grid.wrap ? modulo(straight + half, span(grid)) - half : straight;
}

function moveLinear(fields, row, ticks) {
  fields.forEach(({ grid, predictor }, at) => {
    if (predictor.linear !== undefined) row[at] = fit(grid, row[at] + row[predictor.linear] * ticks);
  });
}

/** Advances a row by `ticks`, in place. */
export function predict(fields, row, ticks) {
  for (let step = 0; step < Math.min(ticks, EXACT_STEPS); step++) {
    fields.forEach(({ grid, predictor }, at) => {
      if (predictor.steer === undefined) return;
      const way = distance(grid, row[at], row[predictor.steer]);
      const divisor = 1 + Math.floor((predictor.lag_ms * TICK_RATE_HZ + 500) / 1000);
      row[at] = fit(grid, row[at] + (Math.abs(way) <= divisor ? way : Math.trunc(way / divisor)));
    });
    moveLinear(fields, row, 1);
  }
  if (ticks > EXACT_STEPS) moveLinear(fields, row, ticks - EXACT_STEPS);
  return row;
}

const unzigzag = (value) => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);
const kindBits = (schema) => (schema.length === 1 ? 0 : 32 - Math.clz32(schema.length - 1));
const byId = (a, b) => a[0] - b[0];
const isCustom = ({ predictor }) => predictor.custom === true;

/**
 * Runs the game's step over the rows of a first half, in place. Returns the rows that are in the baseline.
 */
function runStep(schema, baseline, { tick, rows }) {
  const old = new Map(baseline.rows.map(([id, kind]) => [id, kind]));
  const known = rows.filter(([id, kind]) => old.get(id) === kind);
  for (let step = 0; step < Math.min(tick - baseline.tick, EXACT_STEPS); step++) {
    const before = rows.map(([, , values]) => [...values]);
    schema.step(rows);
    rows.forEach((row, index) => schema[row[1]].fields.forEach((field, at) => {
      const [, , values] = row;
      values[at] = known.includes(row) && isCustom(field) ? fit(field.grid, values[at]) : before[index][at];
    }));
  }
  return known.filter(([, kind]) => schema[kind].fields.some(isCustom));
}

function* groups(rows) {
  for (let start = 0; start < rows.length; start += GROUP_ROWS) yield rows.slice(start, start + GROUP_ROWS);
}

// --- profile 0: section 5 ---------------------------------------------------------------------------------

class Bits {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  raw(count) {
    let value = 0;
    for (let bit = 0; bit < count; bit++, this.at++) {
      if (this.at >= this.bytes.length * 8) throw new Error("the payload ends too early");
      value += ((this.bytes[this.at >> 3] >> (this.at & 7)) & 1) * 2 ** bit;
    }
    return value;
  }
  golomb(order) {
    let below = 0;
    while (this.raw(1) === 0) below += 1;
    return (2 ** below - 1 + this.raw(below)) * 2 ** order + this.raw(order);
  }
}

function plainResidual(from, grid, guess) {
  if (!from.raw(1)) return guess;
  const negative = from.raw(1);
  const size = from.golomb(Math.floor(bitsOf(grid) / 3)) + 1;
  return fit(grid, guess + (negative ? -size : size));
}

function decodePlain(schema, baseline, tick, bytes) {
  const from = new Bits(bytes), rows = [];
  const before = baseline ? baseline.rows : [];
  for (const group of groups(before)) {
    const differs = from.raw(1);
    for (const [id, kind, old] of group) {
      const { fields } = schema[kind];
      const values = predict(fields, [...old], tick - baseline.tick);
      if (differs && from.raw(1)) {
        if (from.raw(1)) continue;
        fields.forEach(({ grid, own }, at) => {
          if (!own) values[at] = plainResidual(from, grid, values[at]);
        });
      }
      rows.push([id, kind, values]);
    }
  }
  let previous;
  for (let left = from.golomb(0); left > 0; left--) {
    const last = before.length ? before[before.length - 1][0] : 0;
    const id =
      previous === undefined ? (last + unzigzag(from.golomb(3))) >>> 0 : previous + 1 + from.golomb(2);
    const kind = from.raw(kindBits(schema));
    const valueOf = ({ grid, own }) => (own ? hidden(grid) : grid.min + from.raw(bitsOf(grid)));
    rows.push([id, kind, schema[kind].fields.map(valueOf)]);
    previous = id;
  }
  const state = { tick, rows: rows.sort(byId) };
  if (baseline && schema.step) stepPlain(schema, baseline, state, from);
  const hash = tick % HASH_PERIOD_TICKS === 0 ? from.raw(32) : undefined;
  return { state, hash };
}

/** The second half of a payload with `custom` fields: section 6.1. */
function stepPlain(schema, baseline, state, from) {
  for (const group of groups(runStep(schema, baseline, state))) {
    const differs = from.raw(1);
    for (const [, kind, values] of group) {
      if (!differs || !from.raw(1)) continue;
      schema[kind].fields.forEach((field, at) => {
        if (isCustom(field)) values[at] = plainResidual(from, field.grid, values[at]);
      });
    }
  }
}

// --- profile 1: section 6 ---------------------------------------------------------------------------------

class Range {
  constructor(bytes, ones) {
    Object.assign(this, { bytes, ones, at: 0, range: 0xffffffff, code: 0 });
    for (let byte = 0; byte < 4; byte++) this.shift();
    if (this.code === 0xffffffff) throw new Error("the payload begins with bytes that no writer makes");
  }
  shift() {
    if (this.at >= this.bytes.length + 4) throw new Error("the payload ends too early");
    this.code = ((this.code << 8) | (this.bytes[this.at++] ?? 0)) >>> 0;
  }
  normalize() {
    for (; this.range < 2 ** 24; this.range = (this.range << 8) >>> 0) this.shift();
  }
  bit(context) {
    const bound = (this.range >>> 15) * (ONE - this.ones[context]);
    const bit = this.code >= bound;
    if (bit) [this.code, this.range] = [this.code - bound, this.range - bound];
    else this.range = bound;
    this.normalize();
    return bit ? 1 : 0;
  }
  raw(bits) {
    if (bits > 16) return this.raw(bits - 16) * 65536 + this.raw(16);
    this.range >>>= bits;
    const value = Math.floor(this.code / this.range);
    this.code -= value * this.range;
    this.normalize();
    return value;
  }
  size(context) {
    let size = 0;
    while (this.bit(context(size))) if (++size > 32) throw new Error("a number is too large");
    return size;
  }
  number(first) {
    const size = this.size((at) => first + Math.min(at, 15));
    return 2 ** size + this.raw(size) - 1;
  }
  signed({ first, sizes }, known) {
    const negative = known ?? this.bit(first + 3), last = sizes - 1;
    const size = this.size((at) => first + 4 + Math.min(at, last));
    let value = 1;
    if (size >= 1) {
      const second = this.bit(first + 4 + sizes + Math.min(size, last));
      value = 2 + second;
      if (size >= 2) {
        value = value * 2 + this.bit(first + 4 + 2 * sizes + 2 * Math.min(size, last) + second);
        value = value * 2 ** (size - 2) + this.raw(size - 2);
      }
    }
    return negative ? -value : value;
  }
}

function probability(byte) {
  const q = (8 + (byte & 7)) << Math.min((byte >> 3) & 15, 11);
  return byte & 0x80 ? ONE - q : q;
}

/**
 * The contexts of a schema and their probabilities: those of a table (without its 12-byte header), else the
 * priors.
 */
export function model(schema, table = []) {
  const ones = [], add = (count, ...bytes) => {
    const first = ones.length;
    for (let at = 0; at < count; at++) ones.push(bytes[Math.min(at, bytes.length - 1)]);
    return first;
  };
  add(9, 0x42, 0x4c, 0x51, 0x54, 0x57, 0xd5, 0xd2, 0xce, 0xc7);
  add(16, 0x45, 0x55);
  add(16, 0x52, 0x58);
  add(2 ** kindBits(schema), 0x58);
  const set = ({ grid }, notZero) => {
    const sizes = Math.min(bitsOf(grid) + 1, 18), first = add(3, ...notZero);
    add(1, 0x58), add(sizes, 0xcd), add(3 * sizes, 0x58);
    return { first, sizes };
  };
  const rank = ({ predictor }) => (predictor.hold ? 0 : predictor.steer !== undefined ? 1 : 2);
  const kinds = schema.map(({ fields }) => ({
    row: add(4, 0x32, 0x3d, 0x4a, 0x4d),
    gone: add(1, 0x45),
    fields: fields.map((field) => field.own ? [] : [
      set(field, field.predictor.hold ? [0x4d, 0x4d, 0xd5] : [0x52, 0x45, 0x55]),
      set(field, [0xd2, 0xd2, 0x58]),
    ]),
    order: fields.map((_, at) => at).filter((at) => !fields[at].own && !isCustom(fields[at]))
      .sort((a, b) => rank(fields[a]) - rank(fields[b]) || a - b),
    steppedOrder: fields.map((_, at) => at).filter((at) => isCustom(fields[at])),
  }));
  const hasCustom = kinds.some((kind) => kind.steppedOrder.length > 0);
  const steppedGroup = hasCustom ? add(1, 0x42) : undefined;
  if (hasCustom) for (const kind of kinds) kind.steppedRow = add(2, 0x32, 0x3d);
  table.forEach((byte, context) => (ones[context] = byte));
  return { kinds, steppedGroup, ones: ones.map(probability) };
}

function readChange(from, fields, contexts, order, old, ticks) {
  const row = [...old], off = [];
  let any = false, before = false, predicted = false;
  order.forEach((at, place) => {
    const { grid, predictor } = fields[at], [set] = contexts.fields[at];
    if (!predicted && !predictor.hold && !predictor.custom) [predicted] = [true, predict(fields, row, ticks)];
    if (predictor.linear !== undefined) row[at] = fit(grid, row[at] + (off[predictor.linear] ?? 0));
    const implied = place === order.length - 1 && !any;
    before = implied || from.bit(set.first + (before ? 2 : any ? 1 : 0)) === 1;
    if (!before) return;
    any = true;
    const residual = from.signed(set);
    row[at] = fit(grid, row[at] + residual);
    if (predictor.steer !== undefined) off[at] = residual;
  });
  return row;
}

function readValue(from, grid, { first, sizes }, same) {
  if (same !== undefined && !from.bit(first)) return same;
  const nearest = hidden(grid);
  if (!from.bit(first + 1)) return nearest;
  const known = nearest === grid.min ? 0 : nearest === grid.max ? 1 : undefined;
  return nearest + from.signed({ first, sizes }, known);
}

function decodeRanged(schema, coding, baseline, tick, bytes) {
  const { kinds, ones } = coding, from = new Range(bytes, ones), rows = [];
  const before = baseline ? baseline.rows : [], ticks = baseline ? tick - baseline.tick : 0;
  for (const old of groups(before)) {
    const group = old.map(([id, kind, old]) => {
      const values = predict(schema[kind].fields, [...old], ticks);
      return { id, kind, old, values, moves: values.some((value, at) => value !== old[at]) };
    });
    const differs = from.bit(group.filter((row) => row.moves).length);
    let any = false, last = false;
    group.forEach(({ id, kind, old, values, moves }, index) => {
      const contexts = kinds[kind];
      if (differs) {
        const implied = index === group.length - 1 && !any;
        last = implied || from.bit(contexts.row + (moves ? 2 : 0) + (last ? 1 : 0)) === 1;
        any ||= last;
        if (last && from.bit(contexts.gone)) return;
        if (last) values = readChange(from, schema[kind].fields, contexts, contexts.order, old, ticks);
      }
      rows.push([id, kind, values]);
    });
  }
  const newest = [];
  let previous;
  for (let left = from.number(9); left > 0; left--) {
    const number = from.number(25), last = before.length ? before[before.length - 1][0] : 0;
    const id = previous === undefined ? (last + 1 + unzigzag(number)) >>> 0 : previous + 1 + number;
    let node = 1;
    for (let bit = 0; bit < kindBits(schema); bit++) node = node * 2 + from.bit(41 + node);
    const kind = node - 2 ** kindBits(schema);
    newest[kind] = schema[kind].fields.map(({ grid, own }, at) =>
      own ? hidden(grid) : readValue(from, grid, kinds[kind].fields[at][1], newest[kind]?.[at]));
    rows.push([id, kind, newest[kind]]);
    previous = id;
  }
  const state = { tick, rows: rows.sort(byId) };
  if (baseline && schema.step) stepRanged(schema, coding, baseline, state, from);
  const hash = tick % HASH_PERIOD_TICKS === 0 ? from.raw(32) : undefined;
  return { state, hash };
}

/** The second half of a payload with `custom` fields: section 6.1. */
function stepRanged(schema, { kinds, steppedGroup }, baseline, state, from) {
  for (const group of groups(runStep(schema, baseline, state))) {
    if (!from.bit(steppedGroup)) continue;
    let any = false, last = false;
    group.forEach((row, index) => {
      const [, kind, values] = row, contexts = kinds[kind];
      const implied = index === group.length - 1 && !any;
      last = implied || from.bit(contexts.steppedRow + (last ? 1 : 0)) === 1;
      any ||= last;
      if (last) row[2] = readChange(from, schema[kind].fields, contexts, contexts.steppedOrder, values, 0);
    });
  }
}

/** Returns a payload's state, and the hash in it. `coding` is undefined in profile 0, else a `model`. */
export function decode(schema, coding, baseline, tick, bytes) {
  return coding
    ? decodeRanged(schema, coding, baseline, tick, bytes)
    : decodePlain(schema, baseline, tick, bytes);
}

/**
 * Reads the owner-only fields of a private section: section 4. `known` is { kind, values }, undefined at
 * first.
 */
export function hearOwn(schema, known, bytes) {
  const from = new Bits(bytes), kind = from.raw(kindBits(schema));
  const own = schema[kind].fields.filter((field) => field.own);
  const before = known?.kind === kind ? known.values : [];
  const valueOf = ({ grid }, at) => (from.raw(1) ? grid.min + from.raw(bitsOf(grid)) : before[at]);
  return { kind, values: own.map(valueOf) };
}

/** The state hash of section 4. */
export function stateHash({ rows }) {
  let hash = 0x811c9dc5;
  const add = (value, bytes) => {
    for (let at = 0; at < bytes; at++) hash = Math.imul(hash ^ ((value >> (8 * at)) & 255), 0x01000193);
  };
  for (const [id, kind, values] of rows) {
    add(id, 4), add(kind, 1), values.forEach((value) => add(value, 4));
  }
  return hash >>> 0;
}

// --- the check --------------------------------------------------------------------------------------------

const fromHex = (hex) => (hex.match(/../g) ?? []).map((byte) => parseInt(byte, 16));

/** Parses a value of vectors.txt, which is in Rust's debug format. */
function parse(text) {
  const json = text.replace(/Tick\((\d+)\)/g, "$1").replace(/Some\(/g, "(").replace(/None/g, "null");
  return JSON.parse(json.replace(/\(/g, "[").replace(/\)/g, "]"));
}

/** A field's line in vectors.txt: name, grid, predictor, and whether it is owner-only. */
const FIELD = new RegExp(
  '^# +Field \\{ name: "([^"]+)", grid: Grid (\\{.*?\\}), predictor: (.*), own: (\\w+), ' +
    "interpolate: \\w+, meaning: .* \\}$",
);

/** The kinds that vectors.txt lists under this heading, up to the next empty line. */
function parseSchema(all, heading) {
  const lines = all.slice(all.indexOf(heading)), schema = [];
  for (const line of lines.slice(0, lines.indexOf(""))) {
    const kind = line.match(/^# \d+ (\w+)$/);
    if (kind) schema.push({ name: kind[1], fields: [] });
    const field = line.match(FIELD);
    if (!field || !schema.length) continue;
    const numbers = Object.fromEntries(
      [...field[3].matchAll(/(\w+): (\d+)/g)].map(([, key, n]) => [key, Number(n)]),
    );
    const predictor = field[3].startsWith("Linear")
      ? { linear: numbers.velocity }
      : field[3].startsWith("Steer")
        ? { steer: numbers.target, lag_ms: numbers.lag_ms }
        : field[3] === "Custom"
          ? { custom: true }
          : { hold: true };
    const grid = JSON.parse(field[2].replace(/(\w+):/g, '"$1":'));
    schema[schema.length - 1].fields.push({ name: field[1], grid, predictor, own: field[4] === "true" });
  }
  return schema;
}

/** The step of the custom payloads' entities, as described in vectors.txt. */
function stepPieces(rows) {
  const wall = rows.findLast(([, kind]) => kind === 1)?.[2][0] ?? 8000;
  for (const [, kind, values] of rows) {
    if (kind !== 0) continue;
    let [pos, vel, wish, turn] = values;
    vel += Math.trunc((wish - vel) / 3);
    pos += vel;
    if (pos < 0 || pos > wall) [pos, vel] = [Math.min(Math.max(pos, 0), wall), -vel];
    values.splice(0, 4, pos, vel, 0, turn + 5);
  }
}

function check() {
  const lines = readFileSync(new URL("vectors.txt", import.meta.url), "utf8").split("\n");
  const schema = parseSchema(lines, "# The kinds of the payloads' entities:");
  const pieces = parseSchema(lines, "# The kinds of the custom payloads' entities:");
  pieces.step = stepPieces;
  const table = fromHex(lines.find((line) => line.startsWith("# table = ")).slice(10)).slice(12);
  const codings = {
    "profile 0": [schema],
    "profile 1": [schema, model(schema)],
    "profile 1, with the table": [schema, model(schema, table)],
    "profile 0, custom": [pieces],
    "profile 1, custom": [pieces, model(pieces)],
  };
  let decoded = 0, known;
  lines.forEach((line, at) => {
    const name = line.match(/^\[payload, (.*): .*\]$/);
    if (!name) return;
    const bytes = fromHex(lines[at + 2].slice("hex = ".length));
    if (name[1] === "owner-only fields") {
      known = hearOwn(schema, known, bytes);
      const wanted = JSON.stringify(parse(lines[at + 1].slice("value = ".length)));
      if (JSON.stringify([known.kind, known.values]) !== wanted) {
        throw new Error(`${line}: ${JSON.stringify(known)}`);
      }
      decoded += 1;
      return;
    }
    const state = (pair) => pair && { tick: pair[0], rows: pair[1] };
    const [baseline, wanted] = parse(lines[at + 1].slice("value = ".length)).map((part) =>
      state(part?.length === 1 ? part[0] : part),
    );
    const [kinds, coding] = codings[name[1]];
    const { state: got, hash } = decode(kinds, coding, baseline, wanted.tick, bytes);
    if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`${line}: ${JSON.stringify(got)}`);
    if (hash !== undefined && hash !== stateHash(got)) throw new Error(`${line}: the hash differs`);
    decoded += 1;
  });
  if (decoded < 28) throw new Error(`only ${decoded} payloads found`);
  console.log(`${decoded} payloads decoded, all as expected`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) check();
