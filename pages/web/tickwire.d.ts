/**
 * Tickwire in a web page: joins a room, sends input, and tells the page what to draw. For a guided tour see
 * `docs/writing-a-client.md`.
 */

import type { Invite, Match, RoomListing } from "./rooms.js";
export type * from "./rooms.js";

/**
 * Joins a room. Resolves when the client has its seat. Rejects with a {@link TickwireError} that says what to
 * do; with the reason of a `signal` that was already aborted; or with a `TypeError` or `RangeError` that
 * names a wrong option.
 *
 * In this and all other functions, a wrong value from the page throws an error that names the value and the
 * remedy. It does not end a session.
 */
export function connect(options?: ConnectOptions): Promise<Client>;

/**
 * Takes the seat that this tab had before its page was reloaded, as the same player. Resolves with `null` if
 * no seat was kept or the server no longer has it; {@link connect} does the same and then joins. Rejects if
 * the server cannot be reached.
 */
export function resume(options?: ConnectOptions): Promise<Client | null>;

/**
 * The rooms of a server: `api/rooms` next to the `url` of its WebSocket. Rejects with an `Error` if the list
 * cannot be loaded.
 */
export function listRooms(options?: {
  url?: string | URL;
  game?: string;
  signal?: AbortSignal;
}): Promise<RoomListing[]>;

export interface ConnectOptions {
  /**
   * The server's WebSocket. May also be an `http:` or `https:` address, or relative to the page. Default:
   * `/play` on the page's host, with `wss:` if the page is `https:`.
   */
  url?: string | URL;
  /** The game's name on the server. Default: `"arena"`. */
  game?: string;
  /** The name that others see, at most 32 bytes of UTF-8; longer names are cut. Default: `"guest"`. */
  name?: string;
  /** Shows the server who plays. A function is asked for each join, and again if its ticket is refused. */
  ticket?: string | Uint8Array | (() => string | Uint8Array | Promise<string | Uint8Array>);
  /** Default: `"player"`. A spectator sends no input. */
  role?: "player" | "spectator";
  /** A room's id, 8 characters. Without it: any open room with the options of `create`, else a new one. */
  room?: string;
  /** Room options: those of the room to look for or, with `fresh`, of the room to create. */
  create?: Record<string, string | number | boolean>;
  /** Create a new room with the options of `create` instead of looking for one. */
  fresh?: boolean;
  /** Without `room`: which room it may be, and which is tried first. */
  match?: Match;
  /** What the game is told of this player, such as a team: a value of at most 1,024 bytes as JSON. */
  parameters?: unknown;
  /** The room's password; with `fresh`, the one that the new room gets. */
  password?: string;
  /** An invitation to `room`, from {@link Client.invite}. */
  invitation?: string;
  /** Places that the room holds for 30 s for others, who come with this player's invitations; at most 15. */
  places?: number;
  /**
   * The client core: the address of a `.wasm` file, or its bytes. Default: the `tickwire.wasm` next to this
   * script, which reads any game through the schema that the server sends. A core that is built with the game
   * (`arena.wasm`) also predicts the player's own entity.
   */
  wasm?: string | URL | ArrayBuffer | Uint8Array | WebAssembly.Module;
  /** Simulated lag in the page. */
  network?: NetworkOptions;
  /** Makes the connection instead of `new WebSocket`: for tests, or for another transport. */
  transport?: (url: string, protocol: string) => Transport;
  /**
   * Aborting it cancels the join. Once joined, it ends the session as {@link Client.close} does, so `connect`
   * can be undone at any time.
   */
  signal?: AbortSignal;
  /**
   * Where a player's seat is kept when the page closes. After a reload, {@link connect} takes the seat again,
   * for as long as the server keeps it.
   *
   * - `true` (the default): in `sessionStorage`, for this tab alone. A `fresh` room, or a different `room`,
   *   does not use the kept seat.
   * - `false`: nowhere. Closing the page leaves the room at once, unless the connection is broken at that
   *   moment.
   * - A store of your own must be one that no other tab reads at the same time. What it stores is a secret:
   *   whoever has it can take the seat.
   */
  keep?: boolean | SeatStore;
}

/** The part of `Storage` that is used. */
export interface SeatStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/**
 * Delay of each direction, 0 to 5,000 ms, on top of the network's own. Messages stay in order, as over TCP.
 */
export interface NetworkOptions {
  delay_ms?: number;
  /** Up to this much more, at random. */
  jitter_ms?: number;
}

/** The part of `WebSocket` that is used. */
export interface Transport {
  binaryType: string;
  // `any`: fits a browser's WebSocket and that of the `ws` package, whose event classes differ.
  onopen: ((event?: any) => void) | null;
  /** Its `data` is an `ArrayBuffer`. */
  onmessage: ((event: any) => void) | null;
  /** It has `code` and `reason`. */
  onclose: ((event: any) => void) | null;
  /** The `message` of a `ws` error tells why the server refused the connection. */
  onerror: ((event?: any) => void) | null;
  send(data: Uint8Array): void;
  close(code?: number, reason?: string): void;
}

export interface Client {
  /**
   * Calls `listener` for each event from now on; the returned function removes it. Listeners never run inside
   * {@link Client.entities}. Events after the join are held until the first listener is added, for at most
   * one second; a page that adds all its listeners in one task misses none.
   */
  on<K extends keyof ClientEvents>(name: K, listener: (event: ClientEvents[K]) => void): () => void;

  /**
   * The controls from now on: fields of the game's input by name. Omitted fields keep their values. Values
   * are in units (angles in radians) and are rounded to the field's grid; a button takes a boolean; a vector
   * may be given as `{ x, y }`. Unknown names and values that are not numbers throw, and then nothing of
   * `controls` is applied. After the end, and for a spectator, it does nothing.
   */
  input(controls: Controls): void;

  /**
   * Queues a reliable command: an object in serde's JSON form if the core is built with the game, else its
   * bytes. Integers beyond 2^53 are given as BigInt. Bytes that are not a command of the game end the
   * session, because only the server can check them (4002). After the end and after {@link Client.close} it
   * does nothing.
   */
  command(command: Uint8Array | object | string): void;

  /**
   * What to draw now: others interpolated, the player's own entity predicted (if the core is built with the
   * game). The client owns the array and its objects and refills them in the next call: copy what you want to
   * keep.
   *
   * @param now the timestamp that `requestAnimationFrame` gives, in ms; default: now. A value of any other
   * clock, such as `Date.now()` or seconds, is a `RangeError`.
   */
  entities(now?: number): readonly EntityView[];

  /**
   * The room's own state in the newest snapshot, as a new object: `kind` and its fields by name. `null` if
   * the game has none, and before the first snapshot. The last one stays after the end.
   */
  roomState(): RoomStateView | null;

  /**
   * For a spectator: asks for the client view of a player, or with `null` for the spectator's own again. In a
   * room that is one stream it changes nothing, because everything is in view already.
   */
  follow(player?: number | null): void;

  /**
   * An entity of the last {@link Client.entities}. `undefined` for `null`, which {@link Client.entityId} may
   * be.
   */
  entity(id: number | null): EntityView | undefined;

  /**
   * An invitation to the room, for others' option `invitation`; `null` if the game permits none, to a
   * spectator, and after the end. One a second.
   */
  invite(invite?: Invite): Promise<string | null>;

  /** Sets the simulated lag. */
  network(options: NetworkOptions): void;

  /** The client's statistics; numbers per second are over the last second. */
  stats(): ClientStatistics;

  /**
   * The state hash of the newest state of stream 0, or 0. At the same tick it is equal on all clients and the
   * server.
   */
  stateHash(): number;

  /**
   * Leaves the room permanently. `closed` arrives within half a second. Input and commands given from now on
   * are ignored; commands given before are still sent, unless the connection breaks.
   *
   * While the connection is broken, `closed` arrives at once. The client then tries for ten seconds to
   * reconnect and give up the seat. If the page closes meanwhile, it cannot do that, and the server keeps the
   * seat for its grace time.
   */
  close(): void;

  /** The client's own player, or `null` for a spectator. */
  readonly player: number | null;
  /** The player's own entity, or `null` for a spectator. It may be missing for a while. */
  readonly entityId: number | null;
  /** The room's id, for a `#room=` link. */
  readonly room: string;
  /** Who is in the room, by player. Names are written by strangers: never put them into markup. */
  readonly roster: readonly RosterEntry[];
  /**
   * The room's settings: an object if the core is built with the game, with integers beyond 2^53 as BigInt;
   * else bytes for a {@link Reader}.
   */
  readonly settings: unknown;
  /** The newest tick whose state has arrived. */
  readonly tick: number;
  readonly tickRate: number;
  readonly state: "connecting" | "playing" | "cut" | "closed";
  /** Kinds, fields and controls as the server declares them. */
  readonly schema: Schema;
  /** Whether the core is built with the game: then it predicts, and events are objects. */
  readonly builtIn: boolean;
}

/** Fields of the input by name, in units. A choice takes the name of its variant or its number. */
export interface Controls {
  [field: string]: number | boolean | string | Controls;
}

/**
 * The entity's fields are properties next to these: in units, angles in radians, vectors also as
 * `pos = { x, y }`. Owner-only fields have their values on the player's own entity.
 */
export interface EntityView {
  readonly id: number;
  /** The name of its kind. */
  readonly kind: string;
  /** Whether it is the player's own entity. Entities that it fires are not. */
  readonly own: boolean;
  readonly [field: string]: any;
}

export interface RoomStateView {
  /** The name of its kind. */
  readonly kind: string;
  readonly [field: string]: any;
}

export interface RosterEntry {
  readonly player: number;
  /** The entity that it controls; `null` while it controls none. */
  readonly entity: number | null;
  readonly name: string;
}

export interface ClientEvents {
  /**
   * A reliable event of the game: `{ type: "Hit", by, on, … }` if the core is built with the game, with
   * integers beyond 2^53 as BigInt; else its bytes.
   */
  event: any;
  /** These two also follow `resumed`, for players that joined or left meanwhile. */
  "player-joined": RosterEntry;
  "player-left": { player: number; name: string };
  /** A player, including the client's own, now controls another entity, or none. */
  "player-changed": RosterEntry;
  /**
   * This many events that the game marks as droppable are missing here: too many were queued while the client
   * was disconnected or slow.
   */
  "events-dropped": { count: number };
  /**
   * The connection broke. The client tries to reconnect by itself, for as long as the server keeps a player's
   * seat.
   */
  cut: { attempt: number; retry_in_ms: number; grace_left_ms: number };
  /**
   * The client is back in the same room, as the same player. A spectator's seat is not kept: it joined again,
   * and events in between were not delivered to it.
   */
  resumed: { attempts: number; away_ms: number };
  /**
   * The player has been idle for long: the server ends the session (4015) after this time, unless the
   * controls change or a command is sent. For a spectator the client prevents this. A hidden page is treated
   * differently and may stay idle for longer.
   */
  "idle-warning": { closes_in_ms: number };
  /** The end. */
  closed: CloseReason;
  /** An input that was followed from the key to the screen; a few a second at most. */
  "input-trace": InputTrace;
}

/**
 * Times since the controls changed, ms. Server times are converted to the page's clock with the client's
 * estimate of server time.
 */
export interface InputTrace {
  tick: number;
  /** It arrived after its tick; its button presses went into a later one. */
  late: boolean;
  /** The input was made and predicted with: the next rendered frame shows it. */
  made_ms: number;
  sent_ms: number;
  /** `null` if the server reported a newer input instead. */
  received_ms: number | null;
  applied_ms: number;
  /** The tick of the update that reported it. */
  snapshot_ms: number;
  decoded_ms: number;
  /** The first rendered frame that showed the others at that tick. */
  shown_ms: number;
}

export interface CloseReason {
  /**
   * A code of `docs/protocol.md`, section 9. This client itself uses:
   *
   * - 1000: it left or was aborted.
   * - 1006: no answer.
   * - 1008: an impossible request; or the server refuses the page, or is not a Tickwire server (`refused`).
   * - 1011: the client failed.
   * - 1013: the server accepts no more clients at the moment.
   * - 4009: no answer in time.
   * - 4001, 4002, 4012: for what the server sent.
   */
  code: number;
  /** The machine-readable reason, such as `kicked`. */
  reason: string;
  /** One sentence for people. Text, never markup. */
  text: string;
  advice: "stop" | "retry" | "resume" | "authenticate" | "upgrade";
  /**
   * The server's advice plus a random part of a second, because others were disconnected at the same moment.
   */
  retry_after_ms: number;
  /**
   * Whether the server sent this reason. If not, this client ended the session, and `code` is the closest
   * match.
   */
  by_server: boolean;
}

/** A malformed value: what a {@link Reader} throws. */
export class DecodeError extends Error {}

/** What `connect` rejects with. */
export class TickwireError extends Error implements CloseReason {
  code: number;
  reason: string;
  text: string;
  advice: CloseReason["advice"];
  retry_after_ms: number;
  by_server: boolean;
}

export interface ClientStatistics {
  /** Smoothed round trip time without the time that a frame waited for its tick, ms. */
  rtt_ms: number;
  /**
   * How much longer nearly all updates take than the fastest ones, ms; and the same for frames to the server.
   */
  jitter_ms: number;
  jitter_up_ms: number;
  /** How early inputs reach the server, ticks. */
  margin_ticks: number;
  /** Time since the newest update arrived, ms. */
  snapshot_age_ms: number;
  bytes_in_per_s: number;
  bytes_out_per_s: number;
  messages_in_per_s: number;
  messages_out_per_s: number;
  /** Bytes and messages since the client was created. */
  bytes_in: number;
  bytes_out: number;
  messages_in: number;
  messages_out: number;
  /**
   * Ticks whose prediction was compared with the server's state, and those that differed in at least one
   * field.
   */
  predictions: number;
  predictions_wrong: number;
  /**
   * Times that the player's own entity had to be moved by more than 1/4 unit, and the last difference, units.
   */
  corrections: number;
  prediction_error: number;
  /** How far behind server time the others are shown, ms. */
  interpolation_delay_ms: number;
  /**
   * Moments at which the others were shown, and those that had to extrapolate. Each animation frame counts as
   * one, and so does each arriving message and each input that was due.
   */
  frames: number;
  frames_starved: number;
  /** Times that the input clock jumped instead of running faster or slower. */
  clock_jumps: number;
  hash_checks: number;
  hash_mismatches: number;
  keyframes: number;
  /**
   * What the server reported about inputs: late ones arrived after their tick; for a held tick none had
   * arrived, so the previous one was used; folded are the presses of a late input that went into the next
   * one; refused ones were too old or too many.
   */
  inputs_late: number;
  inputs_held: number;
  inputs_folded: number;
  inputs_refused: number;
  resumes: number;
  /**
   * Streams that have to wait, at most 255: the byte budget is used up, or the client view is too wide. Their
   * entities are old, or missing.
   */
  streams_waiting: number;
  /** Entities in the newest state, and its tick. */
  entities: number;
  tick: number;
}

export interface Schema {
  readonly version: number;
  /** The kinds of entity, then those of the room's state. */
  readonly kinds: readonly { readonly name: string; readonly fields: readonly Field[] }[];
  /** How many of `kinds`, the last ones, are of the room's state; 0 for a game without one. */
  readonly state_kinds: number;
  readonly input: readonly Field[];
}

export interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly per_unit: number;
  /** An angle: `per_unit` steps per turn. */
  readonly wrap: boolean;
  readonly predictor: "hold" | "linear" | "steer" | "custom";
  /** Only the client that owns the entity gets it; for others it is 0. */
  readonly own: boolean;
  /** {@link Client.entities} interpolates it from state to state, between the steps of its grid. */
  readonly interpolate: boolean;
  /** What its integers mean. A `bool` is `true` or `false`, a `choice` the name of its variant. */
  readonly meaning: "number" | "bool" | "button" | "choice";
  /** The names of a choice's variants in order; `null` for any other field. */
  readonly choices: readonly string[] | null;
}

/**
 * Reads the codec (`docs/protocol.md`, section 2): settings and events of a game without a core of its own.
 */
export class Reader {
  constructor(bytes: Uint8Array | ArrayBuffer);
  /** Whether everything has been read. */
  readonly done: boolean;
  u8(): number;
  i8(): number;
  bool(): boolean;
  /** u16, u32, lengths, variant numbers. Throws beyond 2^53: {@link Reader.u64} reads any value. */
  varint(): number;
  u64(): bigint;
  /** i16, i32. Throws beyond 2^53: {@link Reader.i64} reads any value. */
  zigzag(): number;
  i64(): bigint;
  f32(): number;
  f64(): number;
  text(): string;
  bytes(): Uint8Array;
  option<T>(read: (from: this) => T): T | null;
  list<T>(read: (from: this) => T): T[];
}

/**
 * Writes the codec: commands. A value that does not fit, such as a text with an unpaired surrogate, is a
 * `TypeError` or `RangeError`.
 */
export class Writer {
  u8(value: number): this;
  i8(value: number): this;
  bool(value: boolean): this;
  /** u16, u32, lengths, variant numbers, within 2^53. */
  varint(value: number): this;
  /** An integer given as a number must be within 2^53. */
  u64(value: bigint | number): this;
  /** i16, i32, within 2^53. */
  zigzag(value: number): this;
  i64(value: bigint | number): this;
  f32(value: number): this;
  f64(value: number): this;
  text(value: string): this;
  bytes(value: Uint8Array): this;
  option<T>(value: T | null | undefined, write: (to: this, value: T) => void): this;
  list<T>(values: readonly T[], write: (to: this, value: T) => void): this;
  done(): Uint8Array;
}
