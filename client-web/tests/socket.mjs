// The part of the browser's WebSocket that tickwire.js uses, on a bare TCP socket or any stream: before
// version 22, Node has no WebSocket client.
import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:net";

const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function dialTcp(url, onOpen) {
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname, onOpen);
}

export class Socket {
  #tcp;
  #buffer = Buffer.alloc(0);
  #open = false;
  #over = false;
  #key = randomBytes(16).toString("base64");
  onopen = null;
  onmessage = null;
  onclose = null;

  /**
   * `dial(url, onOpen)` opens the stream. `headers` are lines for the handshake; null if the stream has none,
   * because it is a WebSocket's already when it opens.
   */
  constructor(url, protocol, { dial = dialTcp, headers = "" } = {}) {
    const { pathname, host } = new URL(url);
    this.#tcp = dial(url, () => {
      this.#tcp.setNoDelay?.(true);
      if (headers === null) {
        this.#open = true;
        this.onopen?.();
        return;
      }
      this.#tcp.write(
        `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${this.#key}\r\n` +
          `Sec-WebSocket-Protocol: ${protocol}\r\n${headers}\r\n`,
      );
    });
    this.#tcp.on("data", (data) => this.#read(data));
    this.#tcp.on("error", () => {});
    this.#tcp.on("close", () => this.#end(1006));
  }

  #end(code, reason = "") {
    if (this.#over) return;
    this.#over = true;
    this.#tcp.destroy();
    this.onclose?.({ code, reason });
  }

  #read(data) {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    if (!this.#open) {
      const end = this.#buffer.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = this.#buffer.subarray(0, end).toString();
      const accept = createHash("sha1").update(this.#key + GUID).digest("base64");
      if (!head.startsWith("HTTP/1.1 101") || !head.includes(accept)) return this.#end(1006);
      this.#buffer = this.#buffer.subarray(end + 4);
      this.#open = true;
      this.onopen?.();
    }
    while (this.#frame());
  }

  #frame() {
    const buffer = this.#buffer;
    if (buffer.length < 2) return false;
    let length = buffer[1] & 127;
    let at = 2;
    if (length === 126) {
      if (buffer.length < 4) return false;
      [length, at] = [buffer.readUInt16BE(2), 4];
    } else if (length === 127) {
      if (buffer.length < 10) return false;
      [length, at] = [Number(buffer.readBigUInt64BE(2)), 10];
    }
    if (buffer.length < at + length) return false;
    const body = buffer.subarray(at, at + length);
    this.#buffer = buffer.subarray(at + length);
    const kind = buffer[0] & 15;
    if (kind === BINARY) this.onmessage?.({ data: Uint8Array.from(body).buffer });
    else if (kind === PING) this.#write(PONG, body);
    else if (kind === CLOSE) {
      this.#write(CLOSE, body);
      this.#end(body.length >= 2 ? body.readUInt16BE(0) : 1005, body.subarray(2).toString());
    }
    return !this.#over;
  }

  #write(kind, body) {
    if (this.#over || !this.#open) return;
    const mask = randomBytes(4);
    const head =
      body.length < 126
        ? Buffer.from([128 | kind, 128 | body.length])
        : Buffer.from([128 | kind, 254, body.length >> 8, body.length & 255]);
    this.#tcp.write(Buffer.concat([head, mask, Buffer.from(body).map((byte, at) => byte ^ mask[at & 3])]));
  }

  send(data) {
    this.#write(BINARY, data);
  }

  close(code = 1000) {
    this.#write(CLOSE, Buffer.from([code >> 8, code & 255]));
    this.#tcp.end();
    this.#over = true;
  }

  /** Breaks the connection like a network failure. */
  cut() {
    this.#tcp.destroy();
  }
}
