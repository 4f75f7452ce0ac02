// The end of a round, and the net graph with simulated lag.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PHONE, enter, keep, openBrowser, visit } from "./support/browser.mjs";
import { roomOf } from "./support/playing.mjs";
import { startBots, startServer } from "./support/processes.mjs";
import { setStage } from "./support/stage.mjs";

const stage = setStage(startServer, openBrowser);

test("the end of a round names the winner, and the next one begins", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await page.click("#create summary");
  await page.fill("[name=round_s]", "10");
  await page.fill("[name=score_limit]", "1");
  await page.click("text=Duel");
  await page.click("text=Create and play");
  await page.waitForFunction(() => window.tickwirePage.drawn.frames > 5);
  const bots = startBots(stage.server.play, 5, "--room", await roomOf(page));
  try {
    await page.waitForSelector("#round-end:not([hidden])", { timeout: 60_000 });
    assert.match(await page.textContent("#round-end"), /Round \d+ is over\s+(.+ wins|You win!|No winner)/);
    await page.waitForFunction(() =>
      /Next round in \d+ s/.test(document.querySelector("#round-next").textContent),
    );
    await keep(page, "round-end");
    await page.setViewportSize({ width: 844, height: 390 });
    await page.until(
      () => document.querySelector("#round-next").getBoundingClientRect().bottom < innerHeight,
    );
    await keep(page, "round-end-sideways");
    await page.waitForSelector("#round-end", { state: "hidden", timeout: 30_000 });
    page.assertClean();
  } finally {
    await bots.stop();
    await page.context().close();
  }
});

test("the end of a round shows the player's own rank below the first eight", async () => {
  const host = await visit(stage.browser, stage.server.page);
  await host.click("#create summary");
  await host.fill("[name=round_s]", "10");
  await enter(host, "host", "#create-form [type=submit]");
  const bots = startBots(stage.server.play, 9, "--behaviour", "idle", "--room", await roomOf(host));
  try {
    await host.until(() => window.tickwirePage.drawn.ships === 10);
    const late = await visit(stage.browser, host.url(), PHONE);
    await enter(late, "zoe");
    for (const [page, place, rows] of [[late, "11", 9], [host, "1", 8]]) {
      await page.waitForSelector("#round-end:not([hidden]) tbody .own", { timeout: 60_000 });
      assert.equal(await page.textContent("#round-table .own td"), place);
      assert.equal(await page.locator("#round-table tr").count(), rows);
      await keep(page, `round-end-place-${place}`);
    }
    for (const page of [host, late]) {
      page.assertClean();
      await page.context().close();
    }
  } finally {
    await bots.stop();
  }
});

test("the net graph shows simulated lag", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await enter(page, "ann");
  await page.keyboard.press("F3");
  await page.waitForSelector("#net:not([hidden])");
  await page.fill("#lag-delay", "100");
  await page.waitForFunction(() => window.tickwirePage.client.stats().rtt_ms > 150, null, {
    timeout: 30_000,
  });
  await page.waitForFunction(() => parseInt(document.querySelector("#net-rows dd").textContent) > 150);
  await page.fill("#lag-delay", "0");
  await page.waitForFunction(() => window.tickwirePage.client.stats().rtt_ms < 80, null, { timeout: 30_000 });
  page.assertClean();
  await page.context().close();
});
