// Tickwire in a web page: `tickwire.d.ts` declares the API, docs/writing-a-client.md is the guide.
import { DecodeError, Reader, Writer } from "./codec.js";
import { Core } from "./core.js";
import { TickwireError, noCore } from "./errors.js";
import { addressOf, checkOptions, playUrl, ticketOf } from "./options.js";
import { storeOf, takeSeat, trySeat } from "./seats.js";
import { Client } from "./session.js";

export { DecodeError, Reader, TickwireError, Writer };

/** Close reasons that say nothing about the seat that the client tried to take. */
const COMES_AGAIN = [
  "unreachable", "lost", "aborted", "normal", "kept", "timeout", "no_core", "refused", "try_later",
];

export async function connect(options = {}) {
  checkOptions(options);
  // A page that asks for a new room, or to watch, does not want the earlier seat.
  const client = options.fresh ? null : await resume(options);
  return client ?? enter(options, null);
}

export async function resume(options = {}) {
  checkOptions(options);
  const store = storeOf(options.keep);
  if (store === null || options.role === "spectator") return null;
  const url = addressOf(options.url ?? playUrl());
  const [game, room] = [options.game ?? "arena", options.room?.toLowerCase()];
  const seat = takeSeat(
    store,
    (seat) => seat.url === url && seat.game === game && (room === undefined || seat.room === room),
  );
  if (seat === null) return null;
  // The seat is lost if the server refuses it or the kept data is damaged. If no server was reached, the page
  // may try again.
  const isLost = (error) =>
    error instanceof TickwireError && (error.by_server || !COMES_AGAIN.includes(error.reason));
  return trySeat(store, seat, options.signal, isLost, (signal) => enter({ ...options, signal }, seat));
}

/** Takes `seat`, or joins if it is null. If a function's ticket is refused, it may give another. */
async function enter(options, seat) {
  if (seat !== null) return take(options, seat, null);
  try {
    return await take(options, null, await ticketOf(options));
  } catch (error) {
    if (typeof options.ticket !== "function" || error.advice !== "authenticate") throw error;
    return take(options, null, await ticketOf(options));
  }
}

async function take(options, seat, ticket) {
  const wasm = options.wasm ?? ownCore();
  let core;
  try {
    core = await Core.create(wasm);
  } catch (error) {
    throw noCore(error.message, error.may_pass ? "retry" : "stop");
  }
  const client = new Client(core, options, seat, ticket);
  await client.ready(options.signal);
  return client;
}

/** The core next to this script. */
function ownCore() {
  try {
    return new URL("tickwire.wasm", import.meta.url);
  } catch {
    throw noCore(
      "a bundle does not know where its tickwire.wasm is; pass its address or bytes as the option `wasm`.",
    );
  }
}

export async function listRooms(options = {}) {
  checkOptions(options);
  const { url, game, signal } = options;
  const address = new URL("api/rooms", addressOf(url ?? playUrl()).replace(/^ws/, "http"));
  const response = await fetch(address, { signal });
  if (!response.ok) throw new Error(`${address}: ${response.status} ${response.statusText}`);
  const { rooms } = await response.json();
  return (Array.isArray(rooms) ? rooms : []).filter((room) => (game ?? room.game) === room.game);
}
