// A connection with the lag that the page asks for. Order is kept, as TCP keeps it.

import { need } from "./check.js";

const WAITING_MAX = 4096;
const CLOSES_WITHIN_MS = 500;

/** Hands things on after a delay, in order. */
class Delay {
  #queue = [];
  #timer = null;
  #last_due = 0;

  constructor(options, deliver) {
    this.options = options;
    this.deliver = deliver;
  }

  push(item) {
    const { delay_ms = 0, jitter_ms = 0 } = this.options();
    const wait = delay_ms + Math.random() * jitter_ms;
    if (wait === 0 && this.#queue.length === 0) return this.deliver(item);
    const due = Math.max(this.#last_due, performance.now() + wait);
    this.#last_due = due;
    this.#queue.push({ item, due });
    // At the bound what waits goes out early: nothing is dropped.
    if (this.#queue.length > WAITING_MAX) this.#run(Infinity);
    else this.#schedule();
  }

  #schedule() {
    if (this.#timer !== null || this.#queue.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#run(performance.now() + 0.5);
    }, this.#queue[0].due - performance.now());
  }

  #run(until) {
    while (this.#queue.length > 0 && this.#queue[0].due <= until) this.deliver(this.#queue.shift().item);
    this.#schedule();
  }

  /** Hands on at once what waits. */
  flush() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#run(Infinity);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#queue = [];
  }
}

/** Codes of a WebSocket's end: 1000 gives the place up, any other keeps it. */
export const LEAVES = 1000;
export const COMES_BACK = 4000;

export class Link {
  #socket;
  #in;
  #out;
  isOpen = false;
  wasOpen = false;
  /** What the server answered instead of opening it; 0 if the transport does not tell. */
  status = 0;

  /** `heard`: `open()`, `message(bytes)`, `close(code)`. After `close` nothing more is heard. */
  constructor(make, url, network, heard) {
    this.#in = new Delay(network, (tell) => tell());
    this.#out = new Delay(network, (bytes) => this.#socket?.send(bytes));
    const socket = make(url, "tickwire.v1");
    need(typeof socket?.send === "function", "what transport gives", "like a WebSocket", socket);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.isOpen = this.wasOpen = true;
      heard.open();
    };
    socket.onmessage = ({ data }) => {
      // A text is no message of this protocol; the core says so about a tag that it does not know.
      const bytes = typeof data === "string" ? Uint8Array.of(255) : new Uint8Array(data);
      this.#in.push(() => heard.message(bytes));
    };
    socket.onclose = ({ code }) => {
      this.isOpen = false;
      this.#in.push(() => {
        this.drop(COMES_BACK);
        heard.close(code);
      });
    };
    socket.onerror = (event) => {
      // The package `ws` says "Unexpected server response: 403".
      this.status = Number(/response: (\d+)/.exec(event?.message)?.[1] ?? 0);
      // Chromium closes none that the page's policy forbids.
      setTimeout(() => socket.onclose?.({ code: 1006 }), CLOSES_WITHIN_MS);
    };
  }

  send(bytes) {
    this.#out.push(bytes);
  }

  /** Ends it without being told. */
  drop(code) {
    const socket = this.#socket;
    // A goodbye is said, whatever lag is simulated.
    if (this.isOpen) this.#out.flush();
    this.#socket = null;
    this.isOpen = false;
    this.#in.stop();
    this.#out.stop();
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close(code);
    } catch {
      // It was closed already.
    }
  }
}
