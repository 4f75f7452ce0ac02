// The pages of the ladder (examples/web), which play with the generic client.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { keep, openBrowser, visit } from "./support/browser.mjs";
import { startExample } from "./support/processes.mjs";

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

/** Starts a step, and gives the pages of two visitors to `play`. */
async function withTwo(step, play) {
  const host = await startExample(step);
  try {
    const two = [await visit(browser, host.page), await visit(browser, host.page)];
    await play(...two);
    for (const one of two) {
      one.assertClean();
      await one.context().close();
    }
  } finally {
    await host.stop();
  }
}

test("two play cards: the turn passes, and the trick is taken", async () => {
  await withTwo("06-hands", async (ada, bob) => {
    for (const page of [ada, bob]) await page.waitForSelector("#cards button:nth-child(5)");
    await ada.waitForSelector("text=Your turn");
    await keep(ada, "ladder-hands");
    assert.equal(await bob.locator("#cards button:enabled").count(), 0);
    await ada.click("#cards button");
    await bob.waitForSelector("text=Your turn");
    // One after the other: one of them follows suit, or none has to.
    for (let at = 0; at < 5 && !(await bob.isVisible("text=The trick goes to")); at++) {
      await bob.click(`#cards button >> nth=${at}`, { timeout: 1_000 }).catch(() => {});
      await bob.waitForTimeout(300);
    }
    for (const page of [ada, bob]) await page.waitForSelector("text=The trick goes to");
    await ada.waitForSelector("text=1 tricks");
  });
});

test("two get ready, and the match starts", async () => {
  await withTwo("09-match", async (ada, bob) => {
    await ada.waitForSelector("text=0 of 2 are ready");
    await ada.click("#ready");
    await bob.waitForSelector("text=1 of 2 are ready");
    await bob.click("#ready");
    for (const page of [ada, bob]) await page.waitForSelector("text=Find your team's treasures!");
    await ada.waitForSelector("text=/Red 0, blue 0/");
    await keep(ada, "ladder-match");
    await ada.waitForFunction(() => document.getElementById("ready").hidden);
  });
});

test("a friend comes into a private match by invitation, and the result stays on the page", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "tickwire-"));
  const config = path.join(folder, "server.toml");
  writeFileSync(config, "[games.party.settings]\nmatch_s = 2\ncountdown_s = 1\n");
  const host = await startExample("11-party", "--config", config);
  try {
    const ada = await visit(browser, `${host.page}#team=red&private=true`);
    await ada.fill("[name=name]", "Ada");
    await ada.click("text=Play");
    await ada.waitForSelector("text=0 of 1 are ready");
    await ada.click("#invite");
    await ada.waitForSelector("#link:not([hidden])");
    const link = await ada.inputValue("#link");

    const stranger = await visit(browser, link.replace(/invitation=[^&]*/, "invitation=x"));
    await stranger.click("text=Play");
    await stranger.waitForSelector("#line >> text=/invitation/");
    const bob = await visit(browser, link);
    await bob.fill("[name=name]", "Bob");
    await bob.selectOption("[name=team]", "blue");
    await bob.click("text=Play");
    await ada.waitForSelector("text=0 of 2 are ready");
    await ada.click("text=Vote out");
    await bob.waitForSelector("#players >> text=you");
    await ada.waitForSelector("text=Vote out (1)");
    await keep(ada, "ladder-party");

    for (const page of [ada, bob]) await page.click("text=I am ready");
    await bob.waitForSelector("text=/left/");
    for (const page of [ada, bob]) {
      await page.waitForSelector("text=/Result: red/");
      await page.waitForSelector("text=/It is over: (team|a draw)/");
      assert.equal(await page.locator("#players tr").count(), 2);
      page.assertClean();
    }
    for (const page of [ada, bob, stranger]) await page.context().close();
  } finally {
    await host.stop();
    rmSync(folder, { recursive: true });
  }
});

test("a dog among sheep, a cart among crates, a fish in a pond and a dot in a room are drawn", async () => {
  for (const step of ["01-room", "04-cells", "07-physics", "08-thousand"]) {
    await withTwo(step, async (ada) => {
      await ada.waitForSelector("text=Arrows or WASD: go.");
      await ada.keyboard.down("ArrowRight");
      await ada.waitForTimeout(700);
      await keep(ada, `ladder-${step}`);
      const colours = await ada.evaluate(() => {
        const canvas = document.getElementById("field");
        const { width, height } = canvas;
        const copy = new OffscreenCanvas(width, height).getContext("2d");
        copy.drawImage(canvas, 0, 0);
        return new Set(new Uint32Array(copy.getImageData(0, 0, width, height).data.buffer)).size;
      });
      assert.ok(colours > 2, `${step}: ${colours} colours`);
    });
  }
});
