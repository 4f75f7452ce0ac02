/** Tickwire in a web page: joins a room, sends input, and says what to draw. `docs/writing-a-client.md` leads through it. */

/**
 * Joins a room. Resolves once the client has its place; rejects with a {@link TickwireError} that says what to do, with the
 * reason of a `signal` that had been aborted before, or with a `TypeError` or `RangeError` that names an option that is wrong.
 *
 * Here as in all that follows, a wrong value of the page is an error that names it and the remedy; it ends no session.
 */
export function connect(options?: ConnectOptions): Promise<Client>;

/**
 * Takes the place that this tab had before its page was loaded anew, as the same player. Resolves with `null` if none was kept, or
 * if the server has it no more; {@link connect} does the same and then joins. Rejects if the server cannot be reached.
 */
export function resume(options?: ConnectOptions): Promise<Client | null>;

/** The rooms of a server: `api/rooms` beside the `url` of its WebSocket. Rejects with an `Error` if the list cannot be had. */
export function listRooms(options?: {
  url?: string | URL;
  game?: string;
  signal?: AbortSignal;
}): Promise<RoomListing[]>;

export interface ConnectOptions {
  /**
   * The server's WebSocket; `http:`, `https:` and addresses relative to the page will do. Default: `/play` on the host of the page,
   * `wss:` if the page is `https:`.
   */
  url?: string | URL;
  /** The game's name on the server. Default: `"arena"`. */
  game?: string;
  /** The name that others see, at most 32 bytes of UTF-8; longer ones are cut. Default: `"guest"`. */
  name?: string;
  /** Default: `"player"`. A spectator sends no input. */
  role?: "player" | "spectator";
  /** The id of a room, 8 characters. Without it: any open room with the options of `create`, else a new one. */
  room?: string;
  /** Options of a room: what to look for, or with `fresh` what to make. */
  create?: Record<string, string | number | boolean>;
  /** Make a new room with the options of `create` instead of looking for one. */
  fresh?: boolean;
  /**
   * The client core: the address of a `.wasm` file, or its bytes. Default: `tickwire.wasm` beside this script, which reads any
   * game by the schema that the server sends. One that is built with the game (`arena.wasm`) also predicts the own entity.
   */
  wasm?: string | URL | ArrayBuffer | Uint8Array | WebAssembly.Module;
  /** Simulated lag in the page. */
  network?: NetworkOptions;
  /** Makes the connection instead of `new WebSocket`: for tests, or another transport. */
  transport?: (url: string, protocol: string) => Transport;
  /** Gives up joining, and ends the session as {@link Client.close} does once it is joined: so `connect` can be undone at any moment. */
  signal?: AbortSignal;
  /**
   * Where a player's place is kept when the page goes, so that {@link connect} takes it again after a reload, for as long as the server
   * keeps it. Default `true`: in `sessionStorage`, for this tab alone; a `fresh` room or a `room` that is another one does not ask for
   * it. `false`: nowhere, and whoever closes the page leaves the room at once, unless the line is broken at that moment. What is kept is
   * a secret: who has it can take the place. A store of the host's own has to be one that no other tab reads at the same time.
   */
  keep?: boolean | PlaceStore;
}

/** The part of `Storage` that is used. */
export interface PlaceStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Delay of each direction, 0 to 5,000 ms, on top of what the network has. Order is kept, as TCP keeps it. */
export interface NetworkOptions {
  delay_ms?: number;
  /** Up to this much more, at random. */
  jitter_ms?: number;
}

/** The part of `WebSocket` that is used. */
export interface Transport {
  binaryType: string;
  // `any`: so a browser's WebSocket is one, and that of the package `ws`, whose events are other classes.
  onopen: ((event?: any) => void) | null;
  /** Its `data` is an `ArrayBuffer`. */
  onmessage: ((event: any) => void) | null;
  /** It has `code` and `reason`. */
  onclose: ((event: any) => void) | null;
  /** The `message` of `ws` tells why a server refused. */
  onerror: ((event?: any) => void) | null;
  send(data: Uint8Array): void;
  close(code?: number, reason?: string): void;
}

export interface RoomListing {
  id: string;
  game: string;
  players: number;
  players_max: number;
  spectators: number;
  spectators_max: number;
  tick_rate_hz: number;
  options: Record<string, string>;
  /** Who may come in, as the game decides: everybody, only who names the room, or no further player. */
  access: "open" | "no_matches" | "locked";
  /** What the game says of the room, as its map's name. */
  metadata: Record<string, string>;
  age_s: number;
}

export interface Client {
  /**
   * Calls `listener` from now on; the returned function ends that. Listeners run outside of {@link Client.entities}. What happens behind
   * the join waits for the first listener, for a second at most; whoever adds all in one task misses nothing.
   */
  on<K extends keyof ClientEvents>(name: K, listener: (event: ClientEvents[K]) => void): () => void;

  /**
   * The controls from now on, fields of the game's input by name; fields that are not given stay as they are. Values in units
   * (angles in radians) are put on the field's grid; a button takes a boolean; a vector may be given as `{ x, y }`. Unknown names
   * and values that are no number throw, and then nothing of `controls` is taken. After the end, and of a spectator, it does nothing.
   */
  input(controls: Controls): void;

  /**
   * Queues a reliable command: an object as serde's JSON has it if the core is built with the game, else its bytes. Integers beyond 2^53
   * are given as BigInt. Bytes that are no command of the game end the session: only the server can tell (4002). After the end and
   * after {@link Client.close} it does nothing.
   */
  command(command: Uint8Array | object | string): void;

  /**
   * What to draw now: others interpolated, the own entity predicted (if the core is built with the game). The array and its
   * objects belong to the client and are filled again by the next call: copy what is to be kept.
   *
   * @param now the timestamp that `requestAnimationFrame` gives, in ms; default: now. Any other clock, as `Date.now()` or seconds, is
   * a `RangeError`.
   */
  entities(now?: number): readonly EntityView[];

  /**
   * As a spectator, asks for the view of a player, or with `null` for the own again. In a room that is one stream it changes nothing:
   * there all is in view already.
   */
  follow(player?: number | null): void;

  /** An entity of the last {@link Client.entities}; of `null`, as {@link Client.entityId} may be, there is none. */
  entity(id: number | null): EntityView | undefined;

  /** Sets the simulated lag. */
  network(options: NetworkOptions): void;

  /** What is measured; figures per second are over the last second. */
  stats(): ClientStatistics;

  /** The state hash of the newest state of stream 0, or 0: equal on all clients and the server at one tick. */
  stateHash(): number;

  /**
   * Leaves the room for good: `closed` comes within half a second, and nothing that is given from now on is taken; commands that were
   * given before go with it, unless the line breaks. While the line is broken `closed` comes at once, and the place is given up when the line is back, for
   * which it is tried for ten seconds. A page that goes meanwhile cannot do that: then the place stays for the server's time of grace.
   */
  close(): void;

  /** The own player, or `null` for a spectator. */
  readonly player: number | null;
  /** The own entity's id, or `null` for a spectator. It may be gone for a while. */
  readonly entityId: number | null;
  /** The room's id, for a `#room=` link. */
  readonly room: string;
  /** Who is in the room, by player. Names are text of strangers: never put them into markup. */
  readonly roster: readonly RosterEntry[];
  /**
   * The room's settings: an object if the core is built with the game, its integers beyond 2^53 as BigInt; else bytes for a
   * {@link Reader}.
   */
  readonly settings: unknown;
  /** The newest tick whose state is here. */
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
 * Fields stand beside these by their names: in units, angles in radians, vectors also as `pos = { x, y }`. Those that only an owner
 * gets have their values on the own player's entity.
 */
export interface EntityView {
  readonly id: number;
  /** The name of its kind. */
  readonly kind: string;
  /** It is the own player's; what that fires is not. */
  readonly own: boolean;
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
   * A reliable event of the game: `{ type: "Hit", by, on, … }` if the core is built with the game, integers beyond 2^53 as BigInt; else
   * its bytes.
   */
  event: any;
  /** These two also come behind `resumed`, for those who joined and left meanwhile. */
  "player-joined": RosterEntry;
  "player-left": { player: number; name: string };
  /** A player, the own one included, controls another entity than before, or none. */
  "player-changed": RosterEntry;
  /** So many events that the game calls droppable are missing here: too much waited while the client was cut off or slow. */
  "events-dropped": { count: number };
  /** The connection broke; the client tries to come back by itself, for as long as the server keeps a player's place. */
  cut: { attempt: number; retry_in_ms: number; grace_left_ms: number };
  /** It is back in the same room, as the same player. A spectator, for whom no place is kept, came anew: what happened meanwhile it
   *  was not told. */
  resumed: { attempts: number; away_ms: number };
  /** Nothing was done for long: if that stays so, the server ends the session (4015) after this time. Any change of the controls
   *  or a command prevents it; of a spectator its client sees to that. A hidden page is told apart, and has longer. */
  "idle-warning": { closes_in_ms: number };
  /** The end. */
  closed: CloseReason;
  /** An input that was followed from the key to the screen; a few a second at most. */
  "input-trace": InputTrace;
}

/** Times since the controls changed, ms. What happened at the server is put on the page's clock by the estimate of its time. */
export interface InputTrace {
  tick: number;
  /** It came after its tick, and what it pressed went into a later one. */
  late: boolean;
  /** The input was made, and predicted with: the next picture shows it. */
  made_ms: number;
  sent_ms: number;
  /** `null` if the server told of a newer input instead. */
  received_ms: number | null;
  applied_ms: number;
  /** The tick of the update that told of it. */
  snapshot_ms: number;
  decoded_ms: number;
  /** The first picture that showed the others at that tick. */
  shown_ms: number;
}

export interface CloseReason {
  /**
   * A code of `docs/protocol.md`, section 9. Of this client's own: 1000 it left or was aborted, 1006 no answer, 1008 it was asked for
   * what cannot be, or the server refuses the page or is no Tickwire (`refused`), 1011 it failed, 1013 the server takes nobody else at
   * the moment, 4009 no answer in time, and 4001, 4002 or 4012 for what the server sent.
   */
  code: number;
  /** The machine reason, as `kicked`. */
  reason: string;
  /** One sentence for people. Text, never markup. */
  text: string;
  advice: "stop" | "retry" | "resume" | "authenticate" | "upgrade";
  /** The server's advice and a part of a second by chance: others were sent away at the same moment. */
  retry_after_ms: number;
  /** Whether the server said so; else this client ended the session, and `code` is the nearest one. */
  by_server: boolean;
}

/** A value that is not what it should be: what a {@link Reader} throws. */
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
  /** Smoothed round trip without the time that a frame waited for its tick, ms. */
  rtt_ms: number;
  /** How much longer than the fastest nearly all updates take, ms; and frames on their way up. */
  jitter_ms: number;
  jitter_up_ms: number;
  /** How early inputs reach the server, ticks. */
  margin_ticks: number;
  /** Time since the newest update came, ms. */
  snapshot_age_ms: number;
  bytes_in_per_s: number;
  bytes_out_per_s: number;
  messages_in_per_s: number;
  messages_out_per_s: number;
  /** Bytes and messages since the client was made. */
  bytes_in: number;
  bytes_out: number;
  messages_in: number;
  messages_out: number;
  /** Ticks whose prediction was compared with the server's state, and those that differed in some field. */
  predictions: number;
  predictions_wrong: number;
  /** Times that the own entity had to be moved by more than 1/4 unit, and the last difference, units. */
  corrections: number;
  prediction_error: number;
  /** How far behind the server's time the others are shown, ms. */
  interpolation_delay_ms: number;
  /** Moments at which the others were shown, and those that had to guess where they are. Each animation frame is one, and each
   * time that a message came or an input was due. */
  frames: number;
  frames_starved: number;
  /** Times that the input clock jumped instead of running faster or slower. */
  clock_jumps: number;
  hash_checks: number;
  hash_mismatches: number;
  keyframes: number;
  /**
   * What the server said of inputs: they came after their tick; none had come for a tick, so the one before was held; what a late one
   * pressed went into the next; they were too old or too many.
   */
  inputs_late: number;
  inputs_held: number;
  inputs_folded: number;
  inputs_refused: number;
  resumes: number;
  /**
   * Parts of the view that have to wait, at most 255: the byte budget is used up, or the view is too wide. What is in
   * them is old, or missing.
   */
  streams_waiting: number;
  /** Entities in the newest state, and its tick. */
  entities: number;
  tick: number;
}

export interface Schema {
  readonly version: number;
  readonly kinds: readonly { readonly name: string; readonly fields: readonly Field[] }[];
  readonly input: readonly Field[];
}

export interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly per_unit: number;
  /** An angle: `per_unit` steps a turn. */
  readonly wrap: boolean;
  readonly predictor: "hold" | "linear" | "steer" | "custom";
  /** Only the client whose entity it is gets it; for others it is 0. */
  readonly own: boolean;
  /** {@link Client.entities} lets it glide from state to state, between the steps of its grid. */
  readonly interpolate: boolean;
  /** What its integers stand for. A `bool` is `true` or `false`, a `choice` the name of its variant. */
  readonly meaning: "number" | "bool" | "button" | "choice";
  /** The names of a choice's variants in their order; `null` for anything else. */
  readonly choices: readonly string[] | null;
}

/** Reads the codec (`docs/protocol.md`, section 2): settings and events of a game without a core of its own. */
export class Reader {
  constructor(bytes: Uint8Array | ArrayBuffer);
  /** Whether all is read. */
  readonly done: boolean;
  u8(): number;
  i8(): number;
  bool(): boolean;
  /** u16, u32, lengths, numbers of variants. Beyond 2^53 it throws: {@link Reader.u64} reads all. */
  varint(): number;
  u64(): bigint;
  /** i16, i32. Beyond 2^53 it throws: {@link Reader.i64} reads all. */
  zigzag(): number;
  i64(): bigint;
  f32(): number;
  f64(): number;
  text(): string;
  bytes(): Uint8Array;
  option<T>(read: (from: this) => T): T | null;
  list<T>(read: (from: this) => T): T[];
}

/** Writes the codec: commands. A value that does not fit, as a text with half a character, is a `TypeError` or `RangeError`. */
export class Writer {
  u8(value: number): this;
  i8(value: number): this;
  bool(value: boolean): this;
  /** u16, u32, lengths, numbers of variants, within 2^53. */
  varint(value: number): this;
  /** An integer given as a number has to be within 2^53. */
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
