// JSON with integers beyond 2^53 as BigInt, in both directions.

/** Marks such a number inside the JSON text. It is random, so no other text can pass for a number. */
let secret = null;
const mark = () => (secret ??= `#${Math.random()}`);
const TOKENS = /"(?:[^"\\]|\\.)*"|[-+.\deE]+/g;

const isLong = (token) => /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token));

export function parse(text) {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const marked = text.replace(TOKENS, (token) => (isLong(token) ? `"${mark()}${token}"` : token));
  if (marked === text) return JSON.parse(text);
  const isMarked = (value) => typeof value === "string" && value.startsWith(secret);
  return JSON.parse(marked, (_, value) => (isMarked(value) ? BigInt(value.slice(secret.length)) : value));
}

export function stringify(value) {
  const text = JSON.stringify(value, function (key, told) {
    const each = this[key];
    if (typeof each === "bigint") return `${mark()}${each}`;
    // From 1e21 on JSON writes it with an exponent, which no integer of a game has.
    const loses = Number.isInteger(each) && !Number.isSafeInteger(each) && Math.abs(each) < 1e21;
    if (loses || (typeof each === "number" && !Number.isFinite(each))) {
      throw new RangeError(`a command's numbers must be finite, and beyond 2^53 a BigInt, not ${each}`);
    }
    return told;
  });
  return secret === null ? text : text?.replace(new RegExp(`"${secret}(-?\\d+)"`, "g"), "$1");
}
