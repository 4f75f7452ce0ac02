// Reads recordings of client-web/examples/record.rs.
import assert from "node:assert/strict";

/** The messages that the recorded client received until the first cut, at most `count` of them. */
export function messagesOf(recording, count) {
  const messages = [];
  const sizes = { 3: 16, 7: 16, 10: 12 };
  for (let at = 0; at < recording.length && messages.length < count; ) {
    const number = recording[at++];
    if (number in sizes) {
      at += sizes[number];
      continue;
    }
    assert.ok([1, 2, 4, 5, 6].includes(number), `call ${number}`);
    const now = number === 2 || number === 4 ? recording.readDoubleLE((at += 8) - 8) : 0;
    const length = recording.readUInt32LE((at += 4) - 4);
    if (number === 2) messages.push({ now, bytes: recording.subarray(at, at + length) });
    at += length + (number === 2 ? 5 : 0);
  }
  return messages;
}
