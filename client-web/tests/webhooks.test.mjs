// The guide's lines that check a webhook, against the example of the specification and other signatures.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, mock, test } from "node:test";

/** The example of Standard Webhooks. */
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const TIMESTAMP = 1_614_265_330;
const BODY = '{"test": 2432232314}';
const SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

const GUIDE = readFileSync(new URL("../../docs/going-live.md", import.meta.url), "utf8");
const hasPython = spawnSync("python3", ["--version"]).status === 0;
const folder = mkdtempSync(path.join(tmpdir(), "tickwire-"));
after(() => rmSync(folder, { recursive: true }));

/** A signature, made without the functions that the guide uses. */
async function signature(secret, body) {
  const raw = Uint8Array.from(atob(secret.slice("whsec_".length)), (letter) => letter.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signed = new TextEncoder().encode(`${ID}.${TIMESTAMP}.${body}`);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, signed));
  return `v1,${btoa(String.fromCharCode(...mac))}`;
}

const headers = (more = {}) => ({
  "webhook-id": ID,
  "webhook-timestamp": String(TIMESTAMP),
  "webhook-signature": SIGNATURE,
  ...more,
});

/** Webhooks, what a receiver says to each, and why. */
let cases;
before(async () => {
  const name = '{"name": "Ådä"}';
  const [mine, others] = await Promise.all([signature(SECRET, name), signature(OTHER, name)]);
  cases = [
    ["the example", true, headers(), BODY],
    ["a name in it", true, headers({ "webhook-signature": mine }), name],
    ["one of two secrets", true, headers({ "webhook-signature": `${others} ${mine}` }), name],
    ["another secret", false, headers({ "webhook-signature": others }), name],
    ["another body", false, headers(), `${BODY} `],
    ["another id", false, headers({ "webhook-id": "msg_2" }), BODY],
    ["another form", false, headers({ "webhook-signature": SIGNATURE.replace("v1,", "v2,") }), BODY],
    ["a time that was not signed", false, headers({ "webhook-timestamp": String(TIMESTAMP + 1) }), BODY],
    ["no time", false, headers({ "webhook-timestamp": "now" }), BODY],
    ["no headers", false, {}, BODY],
  ];
});

/** The lines of the guide that check a webhook in this language. */
function linesOf(language) {
  const blocks = [...GUIDE.matchAll(/```(\w+)\n(.*?)```/gs)];
  const [, , code] = blocks.find(([, of, code]) => of === language && /is_?webhook\(/i.test(code));
  return code;
}

test("the guide's lines for Node take what the server signed, and nothing else", async () => {
  const file = path.join(folder, "webhooks.mjs");
  writeFileSync(file, linesOf("js"));
  const { isWebhook } = await import(file);
  const now = mock.method(Date, "now", () => TIMESTAMP * 1_000);
  for (const [what, wanted, headers, body] of cases) {
    assert.equal(isWebhook(SECRET, headers, Buffer.from(body)), wanted, what);
  }
  now.mock.mockImplementation(() => (TIMESTAMP + 301) * 1_000);
  assert.equal(isWebhook(SECRET, headers(), Buffer.from(BODY)), false, "it is old");
  now.mock.restore();
});

const ASK = `
import json, sys
asked = json.load(sys.stdin)
time.time = lambda: asked["now"]
said = [is_webhook(asked["secret"], headers, body.encode()) for _, _, headers, body in asked["cases"]]
print(json.dumps(said))
`;

test("the guide's lines for Python do so, too", { skip: !hasPython }, () => {
  const said = (now) => {
    const input = JSON.stringify({ now, secret: SECRET, cases });
    const { stdout, stderr } = spawnSync("python3", ["-c", linesOf("python") + ASK], { input });
    assert.equal(String(stderr), "");
    return JSON.parse(stdout);
  };
  assert.deepEqual(said(TIMESTAMP), cases.map(([, wanted]) => wanted));
  assert.deepEqual(said(TIMESTAMP + 301), cases.map(() => false));
});
