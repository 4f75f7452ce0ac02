// A connection with the lag that the page sets. Messages stay in order, as over TCP.

import { need } from "./check.js";

const WAITING_MAX = 4096;
const CLOSES_WITHIN_MS = 500;

/** Delivers items after a delay, in order. */
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
    // At the bound, waiting items are delivered early: nothing is dropped.
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

  /** Delivers all waiting items at once. */
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

/** WebSocket close codes: 1000 gives the seat up, any other code keeps it. */
export const LEAVES = 1000;
export const COMES_BACK = 4000;

export class Link {
  #socket;
  #in;
  #out;
  isOpen = false;
  wasOpen = false;
  /** The HTTP status with which the server refused the WebSocket; 0 if the transport does not report it. */
  status = 0;

  /** `heard`: `open()`, `message(bytes)`, `close(code)`. After `close` there are no more calls. */
  constructor(make, url, network, heard) {
    this.#in = new Delay(network, (tell) => tell());
    this.#out = new Delay(network, (bytes) => this.#socket?.send(bytes));
    const socket = make(url, "tickwire.v1");
    need(typeof socket?.send === "function", "the result of transport", "like a WebSocket", socket);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.isOpen = this.wasOpen = true;
      heard.open();
    };
    socket.onmessage = ({ data }) => {
      // This protocol has no text messages; an unknown tag makes the core report the error.
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
      // The message of the `ws` package: "Unexpected server response: 403".
      this.status = Number(/response: (\d+)/.exec(event?.message)?.[1] ?? 0);
      // Chromium sends no close event for a WebSocket that the page's policy forbids.
      setTimeout(() => socket.onclose?.({ code: 1006 }), CLOSES_WITHIN_MS);
    };
  }

  send(bytes) {
    this.#out.push(bytes);
  }

  /** Ends the connection without a call of `heard.close`. */
  drop(code) {
    const socket = this.#socket;
    // Last messages are sent whatever lag is simulated.
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
      // It was already closed.
    }
  }
}
