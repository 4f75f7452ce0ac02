// On which terms a client joins: its parameters, what opens a private room, places, which room a match takes.
import { entriesOf, need } from "./check.js";
import { stringify } from "./json.js";

/** Bounds of the protocol. */
const PARAMETERS_BYTES_MAX = 1_024;
const PASSWORD_BYTES_MAX = 64;
const INVITATION_BYTES_MAX = 96;
const PLACES_MAX = 15;
const RANGES_MAX = 4;
const KEY_BYTES_MAX = 64;
const ORDERS = ["fullest", "emptiest", "newest", "lowest", "highest"];

const bytesOf = (text) => new TextEncoder().encode(text).length;
const textUpTo = (bytes) => [
  (value) => typeof value === "string" && bytesOf(value) <= bytes,
  `a text of at most ${bytes} bytes`,
];
const isKey = (value) => typeof value === "string" && bytesOf(value) <= KEY_BYTES_MAX;

function checkMatch(match) {
  for (const [name, value] of entriesOf("match", match)) {
    if (name === "ranges") checkRanges(value);
    else if (name === "order") need(orderOf(value) !== null, "match.order", ORDER_TEXT, value);
    else if (name === "existing") need(typeof value === "boolean", "match.existing", "true or false", value);
    else need(false, "a part of match", "ranges, order or existing", name);
  }
  return true;
}

function checkRanges(ranges) {
  const entries = entriesOf("match.ranges", ranges);
  need(entries.length <= RANGES_MAX, "match.ranges", `at most ${RANGES_MAX} ranges`, entries.length);
  for (const [key, range] of entries) {
    const fits = Array.isArray(range) && range.length === 2 && range.every(Number.isSafeInteger);
    need(fits && isKey(key), `match.ranges.${key}`, "[from, to], two whole numbers", range);
  }
}

const ORDER_TEXT = '"fullest", "emptiest", "newest", { lowest: key } or { highest: key }';

/** The number and the key of an order, or null. */
function orderOf(order) {
  if (typeof order === "string") {
    const at = ORDERS.indexOf(order);
    return at >= 0 && at < 3 ? [at, null] : null;
  }
  const [[name, key] = [], ...others] = Object.entries(order ?? {});
  const at = ORDERS.indexOf(name);
  return at >= 3 && isKey(key) && others.length === 0 ? [at, key] : null;
}

/** What `checkOptions` needs to know of each option. */
export const TERMS = {
  parameters: [
    (value) => bytesOf(stringify(value)) <= PARAMETERS_BYTES_MAX,
    `a value of at most ${PARAMETERS_BYTES_MAX} bytes as JSON`,
  ],
  password: textUpTo(PASSWORD_BYTES_MAX),
  invitation: textUpTo(INVITATION_BYTES_MAX),
  places: [
    (value) => Number.isInteger(value) && value >= 0 && value <= PLACES_MAX,
    `a whole number from 0 to ${PLACES_MAX}`,
  ],
  match: [checkMatch],
};

/** Writes `JoinTerms` of the protocol. */
export function writeTerms(to, { parameters, password, invitation, places, match }) {
  to.text(parameters === undefined || parameters === null ? "" : stringify(parameters));
  if (typeof password === "string") to.varint(1).text(password);
  else if (typeof invitation === "string") to.varint(2).text(invitation);
  else to.varint(0);
  to.u8(places ?? 0);
  to.list(Object.entries(match?.ranges ?? {}), (to, [key, [from, until]]) =>
    to.text(key).zigzag(from).zigzag(until),
  );
  const [order, key] = orderOf(match?.order ?? "fullest");
  to.varint(order);
  if (key !== null) to.text(key);
  return to.bool(match?.existing ?? false);
}
