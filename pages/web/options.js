// The options of connect, resume and listRooms.
import { entriesOf, lagOf, need } from "./check.js";
import { TickwireError, bad } from "./errors.js";
import { TERMS } from "./terms.js";

const ROOM = /^[0-9a-hjkmnp-tv-z]{8}$/;
const ROOM_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

const isText = (value) => typeof value === "string";
const isAddress = (value) => isText(value) || isText(value.href);
const isTicket = (value) => isText(value) || value instanceof Uint8Array;
const isFunction = (value) => typeof value === "function";
const text = [isText, "a text"];
const OPTIONS = {
  url: [isAddress, "an address: a text or a URL"],
  game: text,
  name: text,
  role: [(value) => value === "player" || value === "spectator", '"player" or "spectator"'],
  room: text,
  create: [
    (value) =>
      entriesOf("create", value).forEach(([name, each]) => {
        need(
          isText(each) || Number.isFinite(each) || typeof each === "boolean",
          `create.${name}`,
          "a text",
          each,
        );
      }) ?? true,
  ],
  fresh: [(value) => typeof value === "boolean", "true or false"],
  wasm: [
    (value) =>
      isAddress(value) ||
      value instanceof ArrayBuffer ||
      ArrayBuffer.isView(value) ||
      value instanceof WebAssembly.Module,
    "the address of a .wasm file, its bytes or its module",
  ],
  network: [(value) => lagOf({}, value)],
  transport: [isFunction, "a function that returns a WebSocket"],
  ticket: [
    (value) => isTicket(value) || isFunction(value),
    "a text, bytes, or a function that returns one or a promise of one",
  ],
  signal: [
    (value) => typeof value.aborted === "boolean" && isFunction(value.addEventListener),
    "an AbortSignal",
  ],
  keep: [
    (value) => typeof value === "boolean" || isFunction(value.getItem),
    "true, false or a store like sessionStorage",
  ],
  ...TERMS,
};

export function checkOptions(options) {
  for (const [name, value] of entriesOf("options", options)) {
    const known = Object.hasOwn(OPTIONS, name);
    need(known, "an option", `one of ${Object.keys(OPTIONS).join(", ")}`, name);
    const [fits, wanted] = OPTIONS[name];
    if (value !== undefined && value !== null) need(fits(value), name, wanted, value);
  }
}

/** The bytes of the option `ticket`, or null. A function is asked each time. */
export async function ticketOf({ ticket }) {
  const given = typeof ticket === "function" ? await ticket() : ticket;
  // A function has to give one: whoever forgot to return it is no guest.
  if (typeof ticket === "function") need(isTicket(given), "ticket()", "a text or bytes", given);
  if (given === undefined || given === null) return null;
  return isText(given) ? new TextEncoder().encode(given) : given;
}

export function playUrl() {
  const { protocol, host } = globalThis.location ?? { protocol: "http:", host: "127.0.0.1:8080" };
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}/play`;
}

/** A server's address in the form that a WebSocket needs. `url` may be relative to the page, or `http:`. */
export function addressOf(url) {
  try {
    return new URL(url, globalThis.location?.href).href.replace(/^http/, "ws");
  } catch {
    throw new TickwireError(bad(1008, "bad_url", `${url} is not a server address.`));
  }
}

export function targetOf({ room, create, fresh }) {
  if (room !== undefined && room !== null) {
    const id = room.toLowerCase();
    if (!ROOM.test(id)) {
      throw new TickwireError(
        bad(4010, "no_such_room", "This is not a room id: it has 8 characters of 0-9 and a-z."),
      );
    }
    return { room: [...id].reduce((bits, digit) => bits * 32 + ROOM_DIGITS.indexOf(digit), 0) };
  }
  const pairs = Object.entries(create ?? {}).map(([key, value]) => [key, String(value)]);
  pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  return fresh ? { create: pairs } : { match: pairs };
}
