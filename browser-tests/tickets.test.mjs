// On a server that wants tickets, the arena's page asks for one.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { keep, openBrowser, visit } from "./support/browser.mjs";
import { programPath, startServer } from "./support/processes.mjs";
import { setStage } from "./support/stage.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "tickwire-"));
const keys = path.join(folder, "keys");
const printed = (...words) =>
  spawnSync(programPath("tickwire-server"), ["ticket", ...words], { encoding: "utf8" }).stdout;
writeFileSync(keys, printed("--new-key"));
after(() => rmSync(folder, { recursive: true }));

const stage = setStage(() => startServer("--auth", "tickets", "--ticket-keys", keys), openBrowser);

test("who has no ticket is asked for one, and plays under the name in it", async () => {
  const page = await visit(stage.browser, stage.server.page);
  assert.equal(await page.isVisible("#ticket"), false, "nobody is asked before the server wants it");
  await page.fill("#name", "mallory");
  await page.click("#play");
  await page.waitForSelector("#problem:not([hidden])");
  assert.match(await page.textContent("#problem"), /Not signed in.*ticket/s);
  await keep(page, "ticket-asked");
  await page.fill("#ticket", "a guess");
  await page.click("#play");
  await page.until(() => /Ticket refused/.test(document.querySelector("#problem").textContent));
  assert.equal(await page.inputValue("#ticket"), "", "a ticket is good once");
  await page.fill("#ticket", printed("--key", keys, "--account", "u-1", "--name", "Ada"));
  await page.click("#play");
  await page.until(() => document.body.dataset.screen === "play");
  const name = await page.evaluate(() => {
    const { client } = window.tickwirePage;
    return client.roster.find(({ player }) => player === client.player)?.name;
  });
  assert.equal(name, "Ada");
  assert.doesNotMatch(page.url(), /tw1/, "no ticket is in the address");
  await page.context().close();
});
