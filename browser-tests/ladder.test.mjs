// The pages of the ladder (examples/web), which play with the generic client.

import assert from "node:assert/strict";
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
