// A page shows a ticket that its host's service signed. The example `02-tag` must be built.
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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

/** A ticket, as a service makes it: docs/going-live.md has these lines. */
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
  await assert.rejects(stage.join("eve", { ticket: ticket("u-1", "Ada", { exp: 1 }) }), refused(4004, "expired"));
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
  await assert.rejects(stage.join("dan", { ticket: "x".repeat(2_049) }), refused(1008, "the ticket"));
});
