// The WebAssembly module as objects: one instance per client. It has no socket and no clock.
import { entriesOf, need, told } from "./check.js";
import { Reader, Writer } from "./codec.js";
import { parse, stringify } from "./json.js";
import { fill, planOf, unitOf } from "./rows.js";
import { writeTerms } from "./terms.js";

export const ABI = 8;
/** The order of `Session::statistics` in client-web. */
export const STATISTICS = [
  "rtt_ms", "jitter_ms", "jitter_up_ms", "margin_ticks", "snapshot_age_ms", "bytes_in", "bytes_out",
  "messages_in", "messages_out", "predictions", "predictions_wrong", "prediction_error", "corrections",
  "interpolation_delay_ms", "frames", "frames_starved", "clock_jumps", "hash_checks", "hash_mismatches",
  "keyframes", "inputs_late", "inputs_held", "inputs_folded", "inputs_refused", "resumes",
  "streams_waiting", "entities", "tick",
];
const PREDICTORS = ["hold", "linear", "steer", "custom"];
const ADVICE = ["stop", "retry", "resume", "authenticate", "upgrade"];
const HAPPENED = [
  "joined", "event", "player-joined", "player-left", "closed", "input-trace", "events-dropped",
  "player-changed", "idle-warning", "invitation",
];
const NESTED_MAX = 64;

const modules = new Map();

/** Compiles a core; one loaded from an address is cached for the next client. */
export async function load(source) {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return WebAssembly.compile(source);
  const url = String(source);
  if (!modules.has(url)) {
    modules.set(url, fetchModule(url));
    modules.get(url).catch(() => modules.delete(url));
  }
  return modules.get(url);
}

/** Marks an error that may pass: of the network, or of a server that is down. Wrong bytes stay wrong. */
const mayPass = (error) => {
  throw Object.assign(error, { may_pass: true });
};

async function fetchModule(url) {
  const response = await fetch(url).catch(mayPass);
  const { ok, status, statusText } = response;
  if (!ok) {
    throw Object.assign(new Error(`${url}: ${status} ${statusText}`), {
      may_pass: status >= 500 || status === 429,
    });
  }
  return WebAssembly.compile(await response.arrayBuffer().catch(mayPass)).catch(() => {
    throw new Error(`${url} is not WebAssembly: the option \`wasm\` must point to the core`);
  });
}

const isButton = (field) => field.meaning === "button";
const MEANINGS = ["number", "bool", "button", "choice"];

export class Core {
  #wasm;
  #controls = [];
  #plans = [];
  #drawn = new Map();
  #list = [];
  #frame = 0;
  /** The facts about the room: set by `joined`. */
  facts = null;

  constructor(instance) {
    this.#wasm = instance.exports;
    if (this.#wasm.tw_abi?.() !== ABI) {
      throw new Error("the core and tickwire.js differ in version: take both from one server");
    }
    this.builtIn = this.#wasm.tw_is_built_in() === 1;
  }

  static async create(source) {
    return new Core(await WebAssembly.instantiate(await load(source), {}));
  }

  /** Copies `bytes` into the core. Returns their length, for the call that takes them. */
  #in(bytes) {
    const at = this.#wasm.tw_in(bytes.length);
    if (at === 0) throw new RangeError(`${bytes.length} bytes are more than a message can have`);
    new Uint8Array(this.#wasm.memory.buffer, at, bytes.length).set(bytes);
    return bytes.length;
  }

  /** A copy of the last call's result, or null. */
  #out(length) {
    return length === 0
      ? null
      : new Uint8Array(this.#wasm.memory.buffer, this.#wasm.tw_out(), length).slice();
  }

  /**
   * `target`: `{ room: number }`, `{ match: pairs }` or `{ create: pairs }`; `ticket`: bytes or null;
   * `terms`: the options of `terms.js`.
   */
  start(name, game, spectator, target, ticket = null, terms = {}) {
    this.facts = null;
    const to = new Writer().text(name).text(game).varint(spectator ? 1 : 0);
    const pair = (to, [key, value]) => to.text(key).text(value);
    if ("room" in target) to.varint(0).varint(target.room);
    else if ("match" in target) to.varint(1).list(target.match, pair);
    else to.varint(2).list(target.create, pair);
    to.option(ticket, (to, bytes) => to.bytes(bytes));
    writeTerms(to, terms);
    return this.#wasm.tw_start(this.#in(to.done())) === 1;
  }

  /** Takes a seat saved by `saveSeat`. `false`: the bytes are not a seat. */
  resume(name, game, seat) {
    this.facts = null;
    const head = new Writer().text(name).text(game).done();
    const bytes = new Uint8Array(head.length + seat.length);
    bytes.set(head);
    bytes.set(seat, head.length);
    return this.#wasm.tw_resume(this.#in(bytes)) === 1;
  }

  /** The bytes with which the next page can take this seat, or null. */
  saveSeat() {
    return this.#out(this.#wasm.tw_save_seat());
  }

  /** `false`: the message was malformed and the session is over; an event tells why. */
  receive(now, bytes) {
    return this.#wasm.tw_receive(now, this.#in(bytes)) === 1;
  }

  /** Returns when to call it next, ms; -1 outside a room. */
  advance(now) {
    return this.#wasm.tw_advance(now);
  }

  transmit() {
    return this.#out(this.#wasm.tw_transmit());
  }

  /** The next thing that happened: `{ type, told }`, or null. */
  event() {
    const bytes = this.#out(this.#wasm.tw_event());
    if (bytes === null) return null;
    const type = HAPPENED[bytes[0]];
    return { type, told: this.#told(type, bytes.subarray(1)) };
  }

  #told(type, bytes) {
    const from = new Reader(bytes);
    switch (type) {
      case "joined":
        return this.#learn();
      case "event":
        return this.builtIn ? named(json(bytes)) : bytes.slice();
      case "player-joined":
        return this.#enter(rosterEntry(from));
      case "player-changed":
        return this.#change(rosterEntry(from));
      case "player-left":
        return this.#leave(from.varint());
      case "events-dropped":
        return { count: from.varint() };
      case "input-trace":
        return inputTrace(from);
      case "invitation":
        return from.option(() => from.text());
      case "idle-warning":
        return { closes_in_ms: from.varint() };
      default:
        return closeMessage(from);
    }
  }

  #learn() {
    const from = new Reader(this.#out(this.#wasm.tw_facts()));
    const room = from.text();
    const [player, entityId] = from.option(() => [from.varint(), entityOf(from)]) ?? [null, null];
    const tickRate = from.varint();
    const told = from.list(rosterEntry);
    // After a cut, events report who left and joined meanwhile; until then the earlier roster stays, with its
    // names.
    const roster = this.facts?.roster ?? told;
    const settings = from.bytes();
    const schema = schemaOf(new Reader(from.bytes()));
    const neutral = from.list(() => from.zigzag());
    this.facts = {
      room,
      player,
      entityId,
      tickRate,
      roster,
      schema,
      settings: this.builtIn ? json(settings) : settings,
    };
    this.#plans = schema.kinds.map(planOf);
    if (this.#controls.length !== schema.input.length) this.#controls = neutral;
  }

  #enter(entry) {
    const { roster } = this.facts;
    this.facts.roster = [...roster.filter((other) => other.player !== entry.player), entry];
    return entry;
  }

  #change(entry) {
    if (entry.player === this.facts.player) this.facts.entityId = entry.entity;
    this.facts.roster = this.facts.roster.map((other) => (other.player === entry.player ? entry : other));
    return entry;
  }

  #leave(player) {
    const { roster } = this.facts;
    this.facts.roster = roster.filter((entry) => entry.player !== player);
    return { player, name: roster.find((entry) => entry.player === player)?.name ?? "" };
  }

  /** Checks controls by name, a vector's also as `{ x, y }`. Applies them if all are valid and `is_sent`. */
  input(now, controls, is_sent) {
    const fields = this.facts.schema.input;
    const taken = [];
    const read = (controls, path) => {
      for (const [name, value] of entriesOf("controls", controls)) {
        const full = path + name;
        const at = fields.findIndex((field) => field.name === full);
        if (at >= 0) taken.push([at, numberOf(fields[at], value)]);
        else if (path.length < NESTED_MAX && value !== null && typeof value === "object") {
          read(value, `${full}.`);
        } else throw new TypeError(this.#noField(full));
      }
    };
    read(controls, "");
    if (!is_sent) return;
    for (const [at, number] of taken) this.#control(at, number);
    const words = Int32Array.from(this.#controls);
    this.#wasm.tw_input(now, this.#in(new Uint8Array(words.buffer)));
    // A button press is passed on once: the core keeps it until an input takes it.
    fields.forEach((field, at) => {
      if (isButton(field)) this.#controls[at] &= 1;
    });
  }

  /** Why `name` is no field of the input: another name is one, or it is a vector's and takes its parts. */
  #noField(name) {
    const names = this.facts.schema.input.map((field) => field.name);
    const parts = names.filter((of) => of.startsWith(`${name}.`)).map((of) => of.slice(name.length + 1));
    if (parts.length > 0) return `the input's field "${name}" is a vector: { ${parts.join(", ")} }`;
    const all = names.map((of) => `"${of}"`).join(", ") || "none";
    return `the game's input has no field "${name}"; it has ${all}`;
  }

  #control(at, number) {
    const field = this.facts.schema.input[at];
    if (isButton(field)) {
      const pressed = number !== 0 && (this.#controls[at] & 1) === 0;
      this.#controls[at] = (number !== 0 ? 1 : 0) | (pressed ? 2 : 0);
      return;
    }
    const step = Math.round(number / unitOf(field));
    const span = field.max - field.min + 1;
    this.#controls[at] = field.wrap
      ? field.min + ((((step - field.min) % span) + span) % span)
      : Math.min(Math.max(step, field.min), field.max);
  }

  /**
   * Takes an object if the game is built in, else bytes. Returns 0: queued; 1: too many wait; 2: too long; 3:
   * not a command of the game, see `commandFault`; 4: from a spectator.
   */
  command(command) {
    const bytes = this.builtIn ? UTF8.encode(stringify(command)) : command;
    return this.#wasm.tw_command(this.#in(bytes));
  }

  /** Why the last command was not a command of the game. */
  commandFault() {
    return new TextDecoder().decode(this.#out(this.#wasm.tw_command_fault()));
  }

  /** What to draw. Returns the same array and objects each time, with new values. */
  view(now) {
    const count = this.#wasm.tw_view(now);
    const numbers = new Float64Array(this.#wasm.memory.buffer, this.#wasm.tw_view_at(), count);
    this.#frame += 1;
    const list = this.#list;
    let length = 0;
    for (let at = 0; at < count; ) {
      const id = numbers[at];
      const kind = numbers[at + 1];
      const plan = this.#plans[kind];
      const drawn = this.#drawnOf(id, kind, plan);
      drawn.frame = this.#frame;
      drawn.entity.own = numbers[at + 2] === 1;
      at += 3;
      fill(drawn.entity, plan.fields, numbers, at);
      at += plan.fields.length;
      list[length] = drawn.entity;
      length += 1;
    }
    list.length = length;
    if (this.#drawn.size > length) this.#forget();
    return list;
  }

  /** The room's own state as a new object, or null. */
  roomState() {
    const count = this.#wasm.tw_room_state();
    if (count === 0) return null;
    const numbers = new Float64Array(this.#wasm.memory.buffer, this.#wasm.tw_view_at(), count);
    const plan = this.#plans[numbers[0]];
    const state = plan.blank(null);
    fill(state, plan.fields, numbers, 1);
    delete state.id;
    delete state.own;
    return state;
  }

  #drawnOf(id, kind, plan) {
    let drawn = this.#drawn.get(id);
    if (drawn?.kind !== kind) {
      drawn = { kind, frame: 0, entity: plan.blank(id) };
      this.#drawn.set(id, drawn);
    }
    return drawn;
  }

  #forget() {
    for (const [id, drawn] of this.#drawn) {
      if (drawn.frame !== this.#frame) this.#drawn.delete(id);
    }
  }

  entity(id) {
    const drawn = this.#drawn.get(id);
    return drawn?.frame === this.#frame ? drawn.entity : undefined;
  }

  statistics(now) {
    const values = this.#numbers(now);
    return Object.fromEntries(STATISTICS.map((name, at) => [name, values[at]]));
  }

  /** The newest tick. */
  tick(now) {
    return this.#numbers(now)[STATISTICS.length - 1];
  }

  #numbers(now) {
    return new Float64Array(this.#wasm.memory.buffer, this.#wasm.tw_statistics(now), STATISTICS.length);
  }

  stateHash() {
    return this.#wasm.tw_state_hash() >>> 0;
  }

  reconnect(now) {
    return this.#wasm.tw_reconnect(now) === 1;
  }

  /** `player`: a player's number, or -1 for the spectator's own view. */
  follow(player) {
    this.#wasm.tw_follow(player);
  }

  /** Asks for an invitation; the event `invitation` answers. */
  invite(uses, valid_s) {
    this.#wasm.tw_invite(uses, valid_s);
  }

  /** Reports whether the page is hidden: then its player may stay idle for longer. */
  hidden(hidden) {
    this.#wasm.tw_hidden(hidden ? 1 : 0);
  }

  leave() {
    this.#wasm.tw_leave();
  }
}

const UTF8 = new TextEncoder();
const json = (bytes) => parse(new TextDecoder().decode(bytes));

/**
 * Turns an enum in serde's form (`"A"`, `{ A: { x } }`, `{ A: 1 }`) into an object with the variant as
 * `type`.
 */
function named(value) {
  if (typeof value === "string") return { type: value };
  const [type, body] = Object.entries(value ?? {})[0] ?? ["", null];
  const isObject = body !== null && typeof body === "object" && !Array.isArray(body);
  return isObject ? { ...body, type } : { type, value: body };
}

/** An entity's id; 0 means none. */
const entityOf = (from) => from.varint() || null;

const rosterEntry = (from) => ({ player: from.varint(), entity: entityOf(from), name: from.text() });

/** Times since the key press, ms. */
function inputTrace(from) {
  const [tick, late] = [from.varint(), from.bool()];
  const [pressed, made, sent, received, applied, snapshot, decoded, shown] = Array.from({ length: 8 }, () =>
    from.f64(),
  );
  return {
    tick,
    late,
    made_ms: made - pressed,
    sent_ms: sent - pressed,
    received_ms: Number.isNaN(received) ? null : received - pressed,
    applied_ms: applied - pressed,
    snapshot_ms: snapshot - pressed,
    decoded_ms: decoded - pressed,
    shown_ms: shown - pressed,
  };
}

function closeMessage(from) {
  const code = from.varint();
  const reason = from.text();
  const advice = ADVICE[from.u8()];
  const retry_after_ms = from.varint();
  const text = from.text();
  return { code, reason, text: text || reason, advice, retry_after_ms, by_server: from.bool() };
}

function schemaOf(from) {
  const field = () => {
    const name = from.text();
    const [min, max, per_unit, wrap] = [from.zigzag(), from.zigzag(), from.varint(), from.bool()];
    const predictor = PREDICTORS[from.varint()];
    if (predictor === "linear" || predictor === "steer") from.varint();
    if (predictor === "steer") from.varint();
    const [own, interpolate] = [from.bool(), from.bool()];
    const meaning = MEANINGS[from.varint()];
    const choices = meaning === "choice" ? from.list(() => from.text()) : null;
    return { name, min, max, per_unit, wrap, predictor, own, interpolate, meaning, choices };
  };
  const version = from.varint();
  const kinds = from.list(() => ({ name: from.text(), fields: from.list(field) }));
  const input = from.list(field);
  return { version, kinds, state_kinds: from.done ? 0 : from.u8(), input };
}

/** The number of a control's value. */
function numberOf(field, value) {
  if (field.choices !== null) return choiceOf(field, value);
  const name = `"${field.name}"`;
  need(typeof value === "number" || typeof value === "boolean", name, "a number or a boolean", value);
  need(Number.isFinite(Number(value)), name, "a finite number", value, RangeError);
  return Number(value);
}

/** The number of a variant, given by its name or number. */
function choiceOf({ name, choices }, value) {
  const at = typeof value === "string" ? choices.indexOf(value) : value;
  if (!Number.isInteger(at) || at < 0 || at >= choices.length) {
    throw new TypeError(
      `"${name}" must be one of ${choices.map((choice) => `"${choice}"`).join(", ")}, not ${told(value)}`,
    );
  }
  return at;
}
