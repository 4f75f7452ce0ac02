// Places that outlive their page: who loads it anew takes the same place again. What is kept is a secret.
//
// A place lies in the store only while no page has it: the page that goes puts it there, the page that comes takes it out.
// A tab that is duplicated in between copies the store without it, so that no two tabs ever want the same place.

const KEY = "tickwire.places";
const PLACES_MAX = 8;

/** The store of the host's choice: `true` is the tab's own, `false` none. Gives null where nothing can be kept. */
export function storeOf(keep = true) {
  if (keep !== true) return keep || null;
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    // The browser forbids it.
    return null;
  }
}

function read(store) {
  try {
    const places = JSON.parse(store.getItem(KEY));
    return Array.isArray(places) ? places.filter((place) => place?.until > Date.now()) : [];
  } catch {
    return [];
  }
}

function write(store, places) {
  try {
    if (places.length > 0) store.setItem(KEY, JSON.stringify(places.slice(-PLACES_MAX)));
    else store.removeItem(KEY);
  } catch {
    // It is full or forbidden: then nothing is kept.
  }
}

/** Keeps a place: `{ url, game, room, until, bytes }`, `until` as `Date.now()` has it. */
export function putPlace(store, place) {
  write(store, [...read(store), { ...place, bytes: btoa(String.fromCharCode(...place.bytes)) }]);
}

/** Takes out the first place that fits, or gives null: it is used once. */
export function takePlace(store, fits) {
  const places = read(store);
  const at = places.findIndex(fits);
  if (at < 0) return null;
  const [place] = places.splice(at, 1);
  write(store, places);
  try {
    return { ...place, bytes: Uint8Array.from(atob(place.bytes), (character) => character.charCodeAt(0)) };
  } catch {
    return null;
  }
}

/** Gives what `enter(signal)` gives with a place that was taken, or null if it fails and the place `isLost`. If it fails otherwise, is
 * given up by `outer`, or the page goes before it is in, the place is there again for who comes next. Once it is in, `outer` ends it. */
export async function tryPlace(store, place, outer, isLost, enter) {
  const inner = new AbortController();
  let is_back = false;
  let is_in = false;
  const putBack = () => {
    if (!is_back) putPlace(store, place);
    is_back = true;
  };
  const leave = () => {
    // Now: a page that goes does nothing later.
    putBack();
    inner.abort(new DOMException("The page was left.", "AbortError"));
  };
  const giveUp = () => {
    // Now: who undoes an effect and runs it again tries again in the same task.
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
