// The page's texts for the end of a session, compared with the table in docs/protocol.md, section 9.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { explain } from "../../pages/web/arena/closes.js";

/**
 * The actions that the page may offer for each advice of the protocol: the first word of the table's last
 * column.
 */
const OFFERS = {
  stop: ["lobby"],
  retry: ["again", "other"],
  resume: ["again"],
  upgrade: ["reload"],
  authenticate: ["lobby"],
};
const UNKNOWN = explain({ code: 4999, by_server: true });

const protocol = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
const section = protocol.slice(protocol.indexOf("\n## 9. "), protocol.indexOf("\n## 10. "));
const rows = [...section.matchAll(/^\| (\d{4}) \| `(\w+)` \|.*\| (\w+)[^|]*\|$/gm)].map(
  ([, code, reason, advice]) => ({
    code: Number(code),
    reason,
    advice,
  }),
);

test("every close code of the protocol has a text and the advised action", () => {
  assert.ok(rows.length >= 20, `${rows.length} rows were read`);
  for (const { code, reason, advice } of rows) {
    const told = explain({ code, reason, by_server: true });
    assert.notEqual(told.title, UNKNOWN.title, code);
    assert.equal(told.code, `${code} ${reason}`);
    assert.ok(
      OFFERS[advice].includes(told.action),
      `${code} advises ${advice}, the page offers ${told.action}`,
    );
    for (const text of [told.title, told.meaning, told.advice, told.label]) assert.match(text, /\w/, code);
  }
});

test("codes that the protocol does not know have no text of their own", () => {
  const known = new Set(rows.map(({ code }) => code));
  for (let code = 1000; code < 5000; code++) {
    if (!known.has(code)) assert.equal(explain({ code, by_server: true }).title, UNKNOWN.title, code);
  }
});

test("the message's advice overrides the usual action of its code", () => {
  assert.equal(explain({ code: 4014, advice: "retry", by_server: true, retry_after_ms: 5000 }).wait_ms, 5000);
  assert.equal(explain({ code: 4008, advice: "upgrade", by_server: true }).action, "reload");
  assert.equal(explain({ code: 4010, advice: "retry", by_server: true }).action, "other");
});

test("a server that refuses the page, or is not a Tickwire server, is reported as such", () => {
  const told = explain({
    code: 1008,
    reason: "refused",
    text: "The server refuses WebSockets from this page.",
    advice: "stop",
    by_server: false,
  });
  assert.match(told.title, /not let in/);
  assert.match(told.meaning, /operator/);
  assert.doesNotMatch(told.meaning, /cannot do/);
  assert.deepEqual([told.action, told.advice], ["lobby", ""], "trying later will not help either");
  assert.notEqual(
    explain({ code: 1008, reason: "bad_url", advice: "stop", by_server: false }).title,
    told.title,
  );
});
