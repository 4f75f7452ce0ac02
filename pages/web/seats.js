// Seats that outlive their page: after a reload the page takes the same seat again. The stored
// data is a secret.
//
// A seat is in the store only while no page has it: the closing page stores it, the next page takes it out. A
// tab that is duplicated in between copies a store without the seat, so two tabs never claim the same one.

const KEY = "tickwire.seats";
const SEATS_MAX = 8;

/**
 * The store for the option `keep`: `true` is the tab's own, `false` none. Null where nothing can be stored.
 */
export function storeOf(keep = true) {
  if (keep !== true) return keep || null;
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    // The browser denies access.
    return null;
  }
}

function read(store) {
  try {
    const seats = JSON.parse(store.getItem(KEY));
    return Array.isArray(seats) ? seats.filter((seat) => seat?.until > Date.now()) : [];
  } catch {
    return [];
  }
}

function write(store, seats) {
  try {
    if (seats.length > 0) store.setItem(KEY, JSON.stringify(seats.slice(-SEATS_MAX)));
    else store.removeItem(KEY);
  } catch {
    // The store is full or access is denied: nothing is kept.
  }
}

/** Stores a seat: `{ url, game, room, until, bytes }`, with `until` on the clock of `Date.now()`. */
export function putSeat(store, seat) {
  write(store, [...read(store), { ...seat, bytes: btoa(String.fromCharCode(...seat.bytes)) }]);
}

/** Removes and returns the first seat that fits, or null: a seat is used once. */
export function takeSeat(store, fits) {
  const seats = read(store);
  const at = seats.findIndex(fits);
  if (at < 0) return null;
  const [seat] = seats.splice(at, 1);
  write(store, seats);
  try {
    return { ...seat, bytes: Uint8Array.from(atob(seat.bytes), (character) => character.charCodeAt(0)) };
  } catch {
    return null;
  }
}

/**
 * Calls `enter(signal)` with a seat that was taken from the store, and resolves with its client; or with null
 * if it fails and `isLost(error)` says that the seat is lost.
 *
 * The seat goes back into the store if `enter` fails in another way, if `outer` aborts it, or if the page
 * closes before the client has joined. After the join, `outer` ends the session.
 */
export async function trySeat(store, seat, outer, isLost, enter) {
  const inner = new AbortController();
  let is_back = false;
  let is_in = false;
  const putBack = () => {
    if (!is_back) putSeat(store, seat);
    is_back = true;
  };
  const leave = () => {
    // At once: a closing page does nothing later.
    putBack();
    inner.abort(new DOMException("The page was left.", "AbortError"));
  };
  const giveUp = () => {
    // At once: a framework that undoes an effect and runs it again retries in the same task.
    if (!is_in) putBack();
    inner.abort(outer.reason);
  };
  globalThis.addEventListener?.("pagehide", leave);
  outer?.addEventListener("abort", giveUp);
  if (outer?.aborted) giveUp();
  try {
    const client = await enter(inner.signal);
    is_in = true;
    return client;
  } catch (error) {
    outer?.removeEventListener("abort", giveUp);
    if (!is_back && isLost(error)) return null;
    putBack();
    throw error;
  } finally {
    globalThis.removeEventListener?.("pagehide", leave);
  }
}
