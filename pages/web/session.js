// A session in a room: plays, reconnects after a cut, and ends. The page gets it from `connect`.
import { Frames, integer, lagOf, need, told } from "./check.js";
import { nameOf } from "./codec.js";
import { TickwireError, bad, broken, kept, left, lost, refusalOf, unreachable } from "./errors.js";
import { Invites, inviteOf } from "./invites.js";
import { giveUpSeat, graceOf, isAnswer } from "./leaving.js";
import { COMES_BACK, LEAVES, Link } from "./link.js";
import { addressOf, playUrl, targetOf } from "./options.js";
import { putSeat, storeOf } from "./seats.js";

/** `RELIABLE_BYTES_MAX` and `RELIABLE_QUEUE_MAX` of the protocol. */
const COMMAND_BYTES_MAX = 512;
const COMMANDS_WAITING_MAX = 128;
/** How long a server keeps a disconnected player's seat, if it does not tell. */
const GRACE_MS = 30_000;
/**
 * The longest wait before an attempt to reconnect; it doubles with each attempt. The actual wait is random,
 * so that the clients of a failed server do not all return at the same moment.
 */
const RETRY_MS = { first: 500, max: 8_000 };
const JOIN_TIMEOUT_MS = 15_000;
/** An attempt to reconnect that takes longer is given up, so that the next can begin. */
const RESUME_TIMEOUT_MS = 5_000;
/** Pauses between attempts keep growing if the connection lasts less than this. */
const STEADY_MS = 10_000;
/**
 * A server sends at least four messages a second. After more than this many checks without one, the
 * connection counts as broken. Checks are counted rather than time, because a laptop that wakes up finds the
 * messages only after its clock has jumped.
 */
const SILENCE = { checks_max: 5, check_ms: 1_000 };
const LEAVE_TIMEOUT_MS = 500;
const RATES_MS = 1_000;
const LISTENS_MS = 1_000;
const EVENTS = [
  "event", "player-joined", "player-left", "player-changed", "events-dropped", "cut", "resumed",
  "idle-warning", "closed", "input-trace",
];

export class Client {
  #core;
  #options;
  #url;
  #network;
  #link = null;
  #store;
  #timer = null;
  #listeners = new Map(EVENTS.map((name) => [name, new Set()]));
  #settle = null;
  /**
   * Events after the join are held until the page listens, or for `LISTENS_MS`: frameworks add their
   * listeners some tasks later.
   */
  #waits_for_page = false;
  #broke_meanwhile = false;
  #end = null;
  #forget = () => {};
  #grace_ms = GRACE_MS;
  /** While cut: `{ since, attempt }`. */
  #cut = null;
  /** The last reconnect: `{ at, attempt }`. */
  #back = { at: -Infinity, attempt: 0 };
  #attempt_timer = null;
  #silence = { timer: null, checks: 0 };
  /** Whether it takes a kept seat: until it has joined, the seat stays for the next attempt. */
  #takes;
  #is_leaving = false;
  /** The messages that give the seat up, `Hello` and `Leave`, until the server has them. */
  #goodbye = null;
  #rates = [];
  #frames = new Frames();
  #invites = new Invites();
  #state = "connecting";

  /** Takes `seat`, or joins with `ticket` (bytes, or null for a guest) if it is null. */
  constructor(core, options, seat, ticket) {
    this.#core = core;
    this.#options = options;
    this.#store = storeOf(options.keep);
    this.#url = addressOf(options.url ?? playUrl());
    this.#network = lagOf({}, options.network ?? {});
    this.#takes = seat !== null;
    const name = nameOf(options.name ?? "guest");
    if (seat !== null) {
      if (!core.resume(name, options.game ?? "arena", seat.bytes)) {
        throw new TickwireError(bad(4007, "bad_seat", "The kept data is not a seat."));
      }
      return;
    }
    const is_spectator = options.role === "spectator";
    if (!core.start(name, options.game ?? "arena", is_spectator, targetOf(options), ticket, options)) {
      throw new TickwireError(
        bad(1008, "policy", "The game's name, the ticket or the room's options are too long or too many."),
      );
    }
  }

  /**
   * The page closes. If the option `keep` allows it, the seat is kept for the next page. Otherwise it is
   * given up, so that no ship is left behind for the grace time.
   */
  #leave = () => {
    if (this.#state === "closed" || this.#is_leaving) return;
    const bytes = this.#store === null ? null : this.#core.saveSeat();
    if (bytes === null || (this.#state !== "playing" && this.#state !== "cut")) return this.close();
    const away_ms = this.#cut === null ? 0 : performance.now() - this.#cut.since;
    const until = Date.now() + this.#grace_ms - away_ms;
    putSeat(this.#store, {
      url: this.#url,
      game: this.#options.game ?? "arena",
      room: this.room,
      until,
      bytes,
    });
    this.#finish(kept());
  };

  /** The device has a network again: tries at once. */
  #again = () => {
    if (this.#state !== "cut" || this.#link !== null) return;
    clearTimeout(this.#timer);
    this.#open();
  };

  /** A player that hides the page may stay idle for longer. */
  #hide = () => {
    if (this.#state === "closed") return;
    this.#core.hidden(document.hidden);
    this.#transmit();
  };

  /** Resolves when the client has its seat. */
  async ready(signal) {
    signal?.throwIfAborted();
    const giveUp = () =>
      this.#settle === null ? this.close() : this.#finish(bad(1000, "aborted", "Joining was cancelled."));
    signal?.addEventListener("abort", giveUp);
    this.#forget = () => signal?.removeEventListener("abort", giveUp);
    globalThis.addEventListener?.("pagehide", this.#leave);
    const timer = setTimeout(
      () => this.#finish(bad(4009, "timeout", "The server did not answer in time.", "retry", 2_000)),
      JOIN_TIMEOUT_MS,
    );
    try {
      await new Promise((resolve, reject) => {
        this.#settle = { resolve, reject };
        this.#open();
      });
      if (this.#end !== null) throw new TickwireError(this.#end);
      setTimeout(this.#release, LISTENS_MS);
      globalThis.addEventListener?.("online", this.#again);
      globalThis.document?.addEventListener?.("visibilitychange", this.#hide);
      if (globalThis.document?.hidden) this.#hide();
    } finally {
      this.#settle = null;
      clearTimeout(timer);
    }
  }

  #release = () => {
    if (!this.#waits_for_page) return;
    this.#waits_for_page = false;
    this.#pump();
    if (this.#end !== null) this.#emit("closed", this.#end);
    else if (this.#broke_meanwhile) this.#closed();
  };

  // --- the connection ---

  #make = (url, protocol) =>
    this.#options.transport ? this.#options.transport(url, protocol) : new WebSocket(url, protocol);

  #open() {
    let link;
    const heard = {
      open: () => this.#pump(),
      message: (bytes) => this.#message(bytes),
      close: (code) => {
        if (this.#link === link) this.#closed(code);
      },
    };
    try {
      link = new Link(this.#make, this.#url, () => this.#network, heard);
      this.#link = link;
      if (this.#cut !== null) this.#attempt_timer = setTimeout(() => this.#closed(), RESUME_TIMEOUT_MS);
    } catch (error) {
      this.#finish(bad(1008, "bad_url", `${this.#url} cannot be connected to: ${error.message}`));
    }
  }

  #message(bytes) {
    if (this.#state === "closed" || this.#is_leaving) return;
    this.#silence.checks = 0;
    try {
      this.#core.receive(performance.now(), bytes);
      if (bytes[0] === 0 && bytes[1] === 0) this.#grace_ms = graceOf(bytes) ?? GRACE_MS;
    } catch (error) {
      return this.#finish(broken(error));
    }
    this.#pump();
  }

  /** Processes everything that is due: inputs, outgoing messages, events. */
  #pump() {
    if (this.#state === "closed" || this.#is_leaving) return;
    clearTimeout(this.#timer);
    try {
      const next = this.#core.advance(performance.now());
      this.#transmit();
      while (!this.#waits_for_page && this.#state !== "closed") {
        const event = this.#core.event();
        if (event === null) break;
        this.#happened(event);
      }
      if (next >= 0 && this.#state === "playing") {
        // Rounded up: browsers truncate a wait to whole ms, and a timer that fires early would be set again
        // and again.
        this.#timer = setTimeout(() => this.#pump(), Math.max(Math.ceil(next - performance.now()), 0));
      }
    } catch (error) {
      this.#finish(broken(error));
    }
  }

  #transmit() {
    if (!this.#link?.isOpen || this.#is_leaving) return;
    for (let bytes = this.#core.transmit(); bytes !== null; bytes = this.#core.transmit()) {
      this.#link.send(bytes);
    }
  }

  #happened({ type, told }) {
    if (type === "closed") {
      if (told.advice === "retry") told.retry_after_ms += Math.round(Math.random() * RETRY_MS.first);
      if (told.by_server && told.advice === "resume" && this.#core.facts !== null) return this.#closed();
      return this.#finish(told);
    }
    if (type === "invitation") return this.#invites.answer(told);
    if (type !== "joined") return this.#emit(type, told);
    this.#state = "playing";
    this.#listen();
    const cut = this.#cut;
    this.#cut = null;
    if (cut !== null) {
      this.#invites.again();
      this.#back = { at: performance.now(), attempt: cut.attempt };
      return this.#emit("resumed", { attempts: cut.attempt, away_ms: performance.now() - cut.since });
    }
    this.#waits_for_page = this.#settle !== null;
    this.#settle?.resolve();
  }

  /** Watches for a server that falls silent. */
  #listen() {
    this.#quieten();
    this.#silence.timer = setInterval(() => {
      this.#silence.checks += 1;
      if (this.#silence.checks > SILENCE.checks_max) this.#closed();
    }, SILENCE.check_ms);
  }

  /** Stops every timer. */
  #quieten() {
    clearTimeout(this.#timer);
    clearTimeout(this.#attempt_timer);
    clearInterval(this.#silence.timer);
    this.#silence.checks = 0;
  }

  /** The connection is lost, without a close reason that advises anything but to resume. */
  #closed(code) {
    if (this.#state === "closed") return;
    if (this.#is_leaving) return this.#gone(isAnswer(code));
    if (this.#waits_for_page) {
      this.#broke_meanwhile = true;
      return;
    }
    const link = this.#link;
    link?.drop(COMES_BACK);
    this.#link = null;
    this.#quieten();
    if (this.#core.facts === null || this.#settle !== null) return this.#missed(link);
    const now = performance.now();
    this.#cut ??= { since: now, attempt: now - this.#back.at < STEADY_MS ? this.#back.attempt : 0 };
    const left_ms = this.#cut.since + this.#grace_ms - now;
    if (left_ms <= 0 || !this.#core.reconnect(now)) return this.#finish(lost());
    this.#state = "cut";
    const base = Math.min(RETRY_MS.first * 2 ** this.#cut.attempt, RETRY_MS.max);
    const wait = Math.min(base * Math.random(), left_ms);
    this.#cut.attempt += 1;
    this.#timer = setTimeout(() => this.#open(), wait);
    this.#emit("cut", { attempt: this.#cut.attempt, retry_in_ms: wait, grace_left_ms: left_ms });
  }

  /** The connection ended before the join. */
  #missed(link) {
    const { wasOpen, status } = link;
    if (wasOpen || (this.#options.transport && status === 0)) return this.#finish(unreachable());
    refusalOf(this.#url, status).then((close) => this.#finish(close));
  }

  #finish(close) {
    if (this.#state === "closed") return;
    const comes_back = close.reason === "kept" || (this.#state === "connecting" && this.#takes);
    this.#state = "closed";
    this.#end = close;
    this.#invites.end();
    this.#forget();
    this.#quieten();
    globalThis.removeEventListener?.("pagehide", this.#leave);
    globalThis.removeEventListener?.("online", this.#again);
    globalThis.document?.removeEventListener?.("visibilitychange", this.#hide);
    this.#link?.drop(comes_back ? COMES_BACK : LEAVES);
    this.#link = null;
    this.#settle?.reject(new TickwireError(close));
    if (!this.#waits_for_page) this.#emit("closed", close);
  }

  // --- what a page calls ---

  on(name, listener) {
    const listeners = this.#listeners.get(name);
    need(listeners !== undefined, "an event's name", `one of ${EVENTS.join(", ")}`, name);
    need(typeof listener === "function", "a listener", "a function", listener);
    listeners.add(listener);
    if (this.#waits_for_page) setTimeout(this.#release);
    return () => listeners.delete(listener);
  }

  #emit(name, event) {
    for (const listener of [...this.#listeners.get(name)]) {
      try {
        listener(event);
      } catch (error) {
        // An error in the page stops neither the session nor the other listeners.
        console.error(error);
      }
    }
  }

  input(controls) {
    this.#core.input(
      performance.now(),
      controls,
      this.#state !== "closed" && !this.#is_leaving && this.player !== null,
    );
  }

  command(command) {
    const isBytes = command instanceof Uint8Array;
    if (isBytes === this.builtIn) {
      throw new TypeError(
        this.builtIn
          ? "this game takes commands as objects"
          : "this game takes commands as bytes: see Writer",
      );
    }
    if (this.#state === "closed" || this.#is_leaving) return;
    const refused = this.#core.command(command);
    if (refused === 3) throw new TypeError(`this is not a command of the game: ${this.#core.commandFault()}`);
    if (refused === 1) {
      throw new RangeError(`${COMMANDS_WAITING_MAX} commands already wait for the server: try again later`);
    }
    if (refused === 2) {
      throw new RangeError(`an encoded command has at most ${COMMAND_BYTES_MAX} bytes`);
    }
    if (refused === 4) throw new TypeError("a spectator cannot send commands: join as a player");
  }

  entities(now) {
    const real = performance.now();
    if (now === undefined) now = real;
    else this.#frames.check(now, real);
    if (this.#state === "closed") return [];
    // Inputs use the session's clock.
    this.#core.advance(Math.min(now, real));
    this.#transmit();
    return this.#core.view(now);
  }

  entity(id) {
    if (id === null) return undefined;
    integer("an entity's id", id, 2 ** 32 - 1);
    return this.#core.entity(id);
  }

  roomState() {
    return this.#core.roomState();
  }

  follow(player = null) {
    if (player !== null) integer("the player", player, 65_535);
    if (this.#state !== "playing" || this.#is_leaving) return;
    this.#core.follow(player ?? -1);
    this.#transmit();
  }

  invite(invite = {}) {
    const { uses, valid_s } = inviteOf(invite);
    if (this.#state === "closed" || this.#is_leaving || this.player === null) return Promise.resolve(null);
    return this.#invites.ask(() => {
      this.#core.invite(uses, valid_s);
      this.#transmit();
    });
  }

  network(options) {
    this.#network = lagOf(this.#network, options);
  }

  stats() {
    const now = performance.now();
    const statistics = this.#core.statistics(now);
    const { bytes_in, bytes_out, messages_in, messages_out } = statistics;
    const rates = this.#rates;
    rates.push({ now, bytes_in, bytes_out, messages_in, messages_out });
    while (rates.length > 2 && rates[1].now <= now - RATES_MS) rates.shift();
    const [oldest] = rates;
    const seconds = Math.max(now - oldest.now, 1) / 1e3;
    for (const name of ["bytes_in", "bytes_out", "messages_in", "messages_out"]) {
      statistics[`${name}_per_s`] = (statistics[name] - oldest[name]) / seconds;
    }
    return statistics;
  }

  stateHash() {
    return this.#core.stateHash();
  }

  close() {
    if (this.#state !== "playing" && this.#state !== "cut") return this.#finish(left());
    if (this.#is_leaving) return;
    this.#is_leaving = true;
    this.#core.reconnect(performance.now());
    this.#core.leave();
    this.#goodbye = [];
    for (let bytes = this.#core.transmit(); bytes !== null; bytes = this.#core.transmit()) {
      this.#goodbye.push(bytes);
    }
    // A spectator's seat is not kept, so there is none to give up.
    if (this.#goodbye.length < 2 || this.#state === "cut" || !this.#link?.isOpen) return this.#gone(false);
    this.#link.send(this.#goodbye.at(-1));
    setTimeout(() => this.#gone(false), LEAVE_TIMEOUT_MS);
  }

  /** The client left. If the server does not know (`is_known`), it will when the connection is back. */
  #gone(is_known) {
    if (this.#state === "closed") return;
    const now = performance.now();
    this.#finish(left());
    if (is_known || this.#goodbye.length < 2) return;
    giveUpSeat(this.#make, this.#url, this.#goodbye, this.#grace_ms - (now - (this.#cut?.since ?? now)));
  }

  get state() {
    return this.#state;
  }

  get player() {
    return this.#core.facts?.player ?? null;
  }

  get entityId() {
    return this.#core.facts?.entityId ?? null;
  }

  get room() {
    return this.#core.facts?.room ?? "";
  }

  get roster() {
    return this.#core.facts?.roster ?? [];
  }

  get settings() {
    return this.#core.facts?.settings ?? null;
  }

  get schema() {
    return this.#core.facts?.schema ?? null;
  }

  get tickRate() {
    return this.#core.facts?.tickRate ?? 0;
  }

  get tick() {
    return this.#core.tick(performance.now());
  }

  get builtIn() {
    return this.#core.builtIn;
  }
}
