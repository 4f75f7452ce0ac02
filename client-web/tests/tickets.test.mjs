// A page shows a ticket that its host's service signed. The example `02-tag` must be built.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { TickwireError } from "../../pages/web/tickwire.js";
import { openStage } from "./joining.mjs";

const secret = randomBytes(32);
const folder = mkdtempSync(path.join(tmpdir(), "tickwire-"));
const keys = path.join(folder, "keys");
writeFileSync(keys, `k1 ${secret.toString("base64")}\n`);

let stage;
before(async () => (stage = await openStage("--auth", "tickets", "--ticket-keys", keys)));
after(async () => {
  await stage.stop();
  rmSync(folder, { recursive: true });
});

/** A ticket, as a service makes it. */
function ticket(account, name, more = {}) {
  const exp = Math.floor(Date.now() / 1000) + 60;
  const json = JSON.stringify({ sub: account, name, exp, jti: randomBytes(16).toString("hex"), ...more });
  const signed = `tw1.k1.${Buffer.from(json).toString("base64url")}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

const refused = (code, text) => (error) =>
  error instanceof TickwireError && error.code === code && error.message.includes(text);

test("a player has the name of its ticket, whatever it asks for", async () => {
  for (const given of [ticket("u-1", "Ada"), new TextEncoder().encode(ticket("u-1", "Ada"))]) {
    const client = await stage.join("mallory", { ticket: given });
    assert.deepEqual(client.roster.find(({ player }) => player === client.player)?.name, "Ada");
    client.close();
  }
});

test("no ticket, a forged one, one that has expired and one that was used are refused", async () => {
  await assert.rejects(stage.join("eve"), refused(4003, "ticket"));
  const forged = ticket("u-1", "Ada").replace(/.$/, (last) => (last === "A" ? "E" : "A"));
  await assert.rejects(stage.join("eve", { ticket: forged }), refused(4004, "signature"));
  const late = ticket("u-1", "Ada", { exp: 1 });
  await assert.rejects(stage.join("eve", { ticket: late }), refused(4004, "expired"));
  const used = ticket("u-2", "Bob");
  await stage.join("bob", { ticket: used });
  await assert.rejects(stage.join("bob", { ticket: used }), refused(4004, "used already"));
  const elsewhere = ticket("u-3", "Cyd", { game: "chess" });
  await assert.rejects(stage.join("cyd", { ticket: elsewhere }), refused(4004, "the game `chess`"));
});

test("a function is asked for each join, and once more if its ticket is refused", async () => {
  const stale = ticket("u-4", "Dan", { exp: 1 });
  let asked = 0;
  const fresh = async () => ((asked += 1) === 1 ? stale : ticket("u-4", "Dan"));
  await stage.join("dan", { ticket: fresh });
  assert.equal(asked, 2);
  await stage.join("dan", { ticket: fresh });
  assert.equal(asked, 3);
  let stubborn = 0;
  const same = () => ((stubborn += 1), stale);
  await assert.rejects(stage.join("dan", { ticket: same }), refused(4004, "expired"));
  assert.equal(stubborn, 2);
  const failing = () => Promise.reject(new Error("the service is down"));
  await assert.rejects(stage.join("dan", { ticket: failing }), /the service is down/);
  await assert.rejects(stage.join("dan", { ticket: () => 7 }), TypeError);
  await assert.rejects(stage.join("dan", { ticket: () => {} }), TypeError);
  await assert.rejects(stage.join("dan", { ticket: "x".repeat(2_049) }), refused(1008, "the ticket"));
});

const GUIDE = readFileSync(new URL("../../docs/going-live.md", import.meta.url), "utf8");
const hasPython = spawnSync("python3", ["--version"]).status === 0;

/** The lines of the guide that make a ticket in this language, as a file. */
function linesOf(language, name) {
  const blocks = [...GUIDE.matchAll(/```(\w+)\n(.*?)```/gs)];
  const [, , code] = blocks.find(([, of, code]) => of === language && /\b(def|function) ticket\(/.test(code));
  const file = path.join(folder, name);
  writeFileSync(file, code);
  return file;
}

test("the guide's lines for Node make tickets that the server takes", async () => {
  const made = await import(linesOf("js", "node.mjs"));
  const ticket = made.ticket("k1", secret.toString("base64"), "u-5", "Eda");
  const client = await stage.join("x", { ticket });
  assert.equal(client.roster.find(({ player }) => player === client.player)?.name, "Eda");
});

test("the guide's lines for Python make tickets that the server takes", { skip: !hasPython }, async () => {
  const call = `\nprint(ticket("k1", "${secret.toString("base64")}", "u-6", "Fay"))\n`;
  const file = linesOf("python", "service.py");
  writeFileSync(file, readFileSync(file, "utf8") + call);
  const { stdout, stderr } = spawnSync("python3", [file], { encoding: "utf8" });
  assert.equal(stderr, "");
  const client = await stage.join("x", { ticket: stdout.trim() });
  assert.equal(client.roster.find(({ player }) => player === client.player)?.name, "Fay");
});
