// Panels and messages over the arena: all are visible, none covers another, and a long one shows that there
// is more.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LAPTOP, PHONE, SIDEWAYS, enter, keep, openBrowser, visit } from "./support/browser.mjs";
import { roomOf } from "./support/playing.mjs";
import { startBots, startServer } from "./support/processes.mjs";
import { sampled } from "./support/sample.mjs";
import { setStage } from "./support/stage.mjs";

const SMALL_SIDEWAYS = { ...PHONE, viewport: { width: 667, height: 375 } };
const SMALL = { ...PHONE, viewport: { width: 320, height: 568 } };
const SMALLEST_SIDEWAYS = { ...PHONE, viewport: { width: 568, height: 320 } };
const SCREENS = {
  laptop: LAPTOP, phone: PHONE, small: SMALL,
  sideways: SIDEWAYS, "small-sideways": SMALL_SIDEWAYS, "smallest-sideways": SMALLEST_SIDEWAYS,
};
/** The widest, a phone and the lowest. */
const SAMPLE = ["laptop", "phone", "smallest-sideways"];
const PANELS = ["scores", "net", "round-end"];

const stage = setStage(startServer, openBrowser);
let bots = null;

/** A player in a room with many others. */
async function visitCrowd(options) {
  const page = await visit(stage.browser, stage.server.page, options);
  await enter(page, "zoe", "#play");
  bots ??= startBots(stage.server.play, 20, "--behaviour", "idle", "--room", await roomOf(page));
  await page.until(() => window.tickwirePage.drawn.ships >= 21);
  return page;
}
test.after(() => bots?.stop());

/** Opens a panel by its button. The end of a round is faked with rows of the scores. */
async function openPanel(page, panel) {
  if (panel !== "round-end") return page.click(`#btn-${panel}`);
  await page.click("#btn-scores");
  await page.until(() => document.querySelector("#scores-body .own"));
  await page.evaluate(() => {
    const rows = [...document.querySelectorAll("#scores-body tr")];
    const own = rows.find((row) => row.classList.contains("own"));
    const shown = [...rows.filter((row) => row !== own).slice(0, 8), own];
    document.querySelector("#round-table").replaceChildren(...shown.map((row) => row.cloneNode(true)));
    document.querySelector("#round-eyebrow").textContent = "Round 1 is over";
    document.querySelector("#round-winner").textContent = "Somebody wins";
    document.querySelector("#round-next").textContent = "Next round in 5 s";
    document.querySelector("#round-end").hidden = false;
  });
  await page.click("#btn-scores");
}

/** Shows the message of a destroyed player, or of a cut. */
const say = (page, message) =>
  page.evaluate((message) => {
    const isCut = message === "cut";
    const [span, small] = [document.createElement("span"), document.createElement("small")];
    small.append("Back in 2 s");
    span.append("Destroyed by A pilot with quite a long name", small);
    document.querySelector("#notice").replaceChildren(...(isCut ? [] : [span]));
    const lost = "Connection lost. Reconnecting (attempt 3) … Your ship waits for 28 s.";
    document.querySelector("#link-lost-text").textContent = lost;
    document.querySelector("#link-lost").hidden = !isCut;
  }, message);

/** Faults: visible boxes that overlap, leave the screen, or are missing. */
function faults(wanted) {
  const panels = ["#scores", "#net", "#round-end"];
  const names = [...panels, "#notice", "#link-lost", "#alone", "#vitals", "#feed", ".clock", ".buttons"];
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const isSeen = (element) => isShown(element) && element.getBoundingClientRect().height > 0;
  const seen = names.filter((name) => isSeen(document.querySelector(name)));
  const boxes = seen.map((name) => [name, document.querySelector(name).getBoundingClientRect()]);
  const found = wanted.filter((name) => !seen.includes(name)).map((name) => `${name} is missing`);
  for (const [name, { left, top, right, bottom }] of boxes) {
    const isOut = left < 0 || top < 0 || right > innerWidth + 0.5 || bottom > innerHeight + 0.5;
    if (isOut) found.push(`${name} leaves the screen`);
    for (const [other, box] of boxes) {
      const meet = left < box.right && right > box.left && top < box.bottom && bottom > box.top;
      if (name < other && meet) found.push(`${name} and ${other}`);
    }
  }
  return found;
}

for (const [screen, options] of Object.entries(SCREENS)) {
  const when = sampled(SAMPLE.includes(screen));
  test(`${screen}: panels are opaque, and panels and messages do not cover each other`, when, async () => {
    const page = await visitCrowd(options);
    for (const panel of PANELS) {
      await openPanel(page, panel);
      for (const [message, element] of [["destroyed", "#notice"], ["cut", "#link-lost"]]) {
        await say(page, message);
        await page.waitForTimeout(300);
        await keep(page, `panel-${screen}-${panel}-${message}`);
        assert.deepEqual(await page.evaluate(faults, [`#${panel}`, element]), [], `${panel}, ${message}`);
      }
      const ground = await page.$eval(`#${panel}`, (element) => getComputedStyle(element).backgroundColor);
      assert.match(ground, /^rgb\(/, `${panel} is opaque`);
      if (panel === "round-end") {
        await page.evaluate(() => (document.querySelector("#round-end").hidden = true));
      } else {
        await page.click(`#btn-${panel}`);
      }
    }
    page.assertClean();
    await page.context().close();
  });
}

test("notices are below the feed, on small screens too", async () => {
  for (const [screen, options] of Object.entries({ small: SMALL, narrow: { viewport: SMALL.viewport } })) {
    const page = await visitCrowd(options);
    await page.evaluate(() => {
      const line = (text) => Object.assign(document.createElement("li"), { textContent: text });
      const full = ["one", "two", "three", "four", "five"].map((word) => line(`${word} destroyed another`));
      document.querySelector("#feed").replaceChildren(...full);
    });
    await say(page, "destroyed");
    const [end, start] = await page.evaluate(() => [
      document.querySelector("#feed").getBoundingClientRect().bottom,
      document.querySelector("#notice").getBoundingClientRect().top,
    ]);
    await keep(page, `announced-${screen}`);
    assert.ok(start >= end, `${screen}: the feed ends at ${end}, the notice begins at ${start}`);
    await page.context().close();
  }
});

test("on a phone, the button of the net graph shows it in place of the scores", async () => {
  const page = await visitCrowd(PHONE);
  await page.click("#btn-net");
  await page.click("#btn-scores");
  await page.waitForSelector("#net", { state: "hidden" });
  await page.click("#btn-net");
  await page.waitForSelector("#net", { state: "visible" });
  await page.waitForSelector("#scores", { state: "hidden" });
  await page.context().close();
});

test("a table with more rows below shows that until its end is visible", async () => {
  for (const [screen, options] of Object.entries({ sideways: SIDEWAYS, phone: PHONE })) {
    const page = await visitCrowd(options);
    await page.click("#btn-scores");
    await page.until(() => document.querySelectorAll("#scores-body tr").length >= 21);
    await page.evaluate(() => (document.querySelector("#scores").scrollTop = 0));
    const says = (more) =>
      getComputedStyle(document.querySelector("#scores"), "::after").content.includes("more") === more;
    await page.until(says, true);
    await keep(page, `scores-more-${screen}`);
    await page.evaluate(() => (document.querySelector("#scores").scrollTop = 10_000));
    await page.until(says, false);
    const [last, end] = await page.evaluate(() =>
      ["#scores-body tr:last-child", "#scores"].map(
        (part) => document.querySelector(part).getBoundingClientRect().bottom,
      ),
    );
    assert.ok(last <= end, `${screen}: the last row is visible`);
    await page.context().close();
  }
});
