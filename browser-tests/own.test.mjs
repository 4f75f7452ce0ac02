// The page of the example game (examples/02-tag.rs), which plays with the generic client.

import assert from "node:assert/strict";
import { test } from "node:test";
import { keep, openBrowser, visit } from "./support/browser.mjs";
import { startOwnGame, startWire } from "./support/processes.mjs";
import { setStage } from "./support/stage.mjs";

const stage = setStage(startOwnGame, openBrowser);

/**
 * Where runners are drawn, as parts of the field: the one that is it (red), the page's own (blue), another
 * (grey).
 */
function runners() {
  const canvas = document.querySelector("canvas");
  const { width, height } = canvas;
  // From a copy in memory: reading the canvas itself repeatedly is slow, and Chromium warns about it.
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, width, height);
  const colours = { it: [0xff, 0x5c, 0x5c], own: [0x5c, 0xc8, 0xff], other: [0x8a, 0x94, 0xa6] };
  const sums = Object.fromEntries(Object.keys(colours).map((name) => [name, { x: 0, y: 0, points: 0 }]));
  for (let at = 0; at < width * height; at++) {
    for (const [name, colour] of Object.entries(colours)) {
      if (!colour.every((value, channel) => data[4 * at + channel] === value)) continue;
      sums[name].x += at % width;
      sums[name].y += Math.floor(at / width);
      sums[name].points++;
    }
  }
  const place = ({ x, y, points }) =>
    points === 0 ? null : { x: x / points / width, y: y / points / height };
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, place(sum)]));
}

const says = (page) => page.textContent("#line");

test("two runners see each other, and one tags the other", async () => {
  const first = await visit(stage.browser, `${stage.server.page}tag.html`);
  const second = await visit(stage.browser, `${stage.server.page}tag.html`);
  for (const page of [first, second]) await page.waitForSelector("text=the red player is it");
  const both = async () => [await first.evaluate(runners), await second.evaluate(runners)];
  let seen = await both();
  for (let tries = 0; tries < 100 && !(seen.every(({ it }) => it) && seen.some(({ own }) => own)); tries++) {
    await first.waitForTimeout(50);
    seen = await both();
  }
  // The chaser is red on both pages and sees the other in grey, who is blue on its own page.
  const chaser = seen[0].own === null ? first : second;
  const chased = chaser === first ? second : first;
  assert.ok((await chased.evaluate(runners)).own, "there is no runner to chase");
  await keep(chaser, "own-game");

  const held = new Set();
  const hold = async (key, wanted) => {
    if (held.has(key) === wanted) return;
    held[wanted ? "add" : "delete"](key);
    await chaser.keyboard[wanted ? "down" : "up"](key);
  };
  for (let tries = 0; tries < 600 && !/tagged/.test(await says(chased)); tries++) {
    const { it, other } = await chaser.evaluate(runners);
    const [x, y] = it && other ? [other.x - it.x, other.y - it.y] : [0, 0];
    await hold("ArrowRight", x > 0.005);
    await hold("ArrowLeft", x < -0.005);
    await hold("ArrowDown", y > 0.005);
    await hold("ArrowUp", y < -0.005);
    await chaser.waitForTimeout(30);
  }
  for (const page of [first, second]) {
    await page.waitForSelector("#line >> text=/runner tagged runner/");
    page.assertClean();
    await page.context().close();
  }
});

test("a cut is reported, and the page reconnects", async () => {
  const wire = await startWire(stage.server.page);
  const page = await visit(stage.browser, `${wire.page}tag.html`);
  try {
    await page.waitForSelector("text=the red player is it");
    wire.down = true;
    wire.cut();
    await page.waitForSelector("text=Connection lost");
    wire.down = false;
    await page.waitForSelector("text=Reconnected.");
  } finally {
    await page.context().close();
    await wire.stop();
  }
});

test("a key whose keyup is lost during Meta is released, and a shortcut moves no runner", async () => {
  const page = await visit(stage.browser, `${stage.server.page}tag.html`);
  await page.waitForSelector("text=the red player is it");
  const runner = async () => {
    const { it, own } = await page.evaluate(runners);
    return own ?? it;
  };
  const key = (type, init) =>
    page.evaluate(([type, init]) => window.dispatchEvent(new KeyboardEvent(type, init)), [type, init]);
  const rests = async () => {
    await page.waitForTimeout(300);
    const before = await runner();
    await page.waitForTimeout(300);
    const after = await runner();
    return Math.hypot(after.x - before.x, after.y - before.y) < 0.004;
  };
  // A wall may be near on one side.
  for (const code of ["KeyA", "KeyD"]) {
    await key("keydown", { code, ctrlKey: true });
    assert.ok(await rests(), "a shortcut");
    await key("keyup", { code });
    await key("keydown", { code });
    await key("keydown", { code: "MetaLeft", key: "Meta", metaKey: true });
    await key("keyup", { code: "MetaLeft", key: "Meta" });
    assert.ok(await rests(), "after Meta");
  }
  page.assertClean();
  await page.context().close();
});
