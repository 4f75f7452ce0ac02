// JSON whose integers beyond 2^53 are BigInt, in both directions.

/** What marks such a number on its way. Nobody else knows it, so no text passes for a number. */
const MARK = `#${Math.random()}`;
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, "g");
const TOKENS = /"(?:[^"\\]|\\.)*"|[-+.\deE]+/g;

const isLong = (token) => /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token));

export function parse(text) {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const marked = text.replace(TOKENS, (token) => (isLong(token) ? `"${MARK}${token}"` : token));
  return JSON.parse(marked, (_, value) => (typeof value === "string" && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value));
}

export function stringify(value) {
  const text = JSON.stringify(value, function (key, told) {
    const each = this[key];
    if (typeof each === "bigint") return `${MARK}${each}`;
    // From 1e21 on it is written as a fraction, which is no integer of a game.
    const loses = Number.isInteger(each) && !Number.isSafeInteger(each) && Math.abs(each) < 1e21;
    if (loses || (typeof each === "number" && !Number.isFinite(each))) {
      throw new RangeError(`a command's numbers must be finite, and beyond 2^53 a BigInt, not ${each}`);
    }
    return told;
  });
  return text?.replace(MARKED, "$1");
}
