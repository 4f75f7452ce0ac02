// A host without the arena: `/` lists the hosted games, and any game can be watched through its schema.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PHONE, keep, openBrowser, visit } from "./support/browser.mjs";
import { startWithoutArena } from "./support/processes.mjs";
import { setStage } from "./support/stage.mjs";

const stage = setStage(startWithoutArena, openBrowser);

/** A player of a game, on a page that only has the client. */
async function play(game, name) {
  const page = await visit(stage.browser, `${stage.server.page}tag.html`);
  await page.evaluate(async ([game, name]) => {
    const { connect } = await import("./tickwire.js");
    window.player = await connect({ game, name, fresh: true });
  }, [game, name]);
  const room = await page.evaluate(() => window.player.room);
  return { page, room };
}

/** How many pixels of the field have a colour, and their centre. */
function points(colour) {
  const { width, height } = document.querySelector("#field");
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(document.querySelector("#field"), 0, 0);
  const { data } = copy.getImageData(0, 0, width, height);
  const sum = { count: 0, x: 0, y: 0 };
  for (let at = 0; at < width * height; at++) {
    if (!colour.every((value, channel) => data[4 * at + channel] === value)) continue;
    sum.count += 1;
    sum.x += at % width;
    sum.y += Math.floor(at / width);
  }
  return { count: sum.count, x: sum.x / sum.count, y: sum.y / sum.count };
}
const [FIRST, SECOND] = [[0x5e, 0xf2, 0xff], [0xff, 0xb1, 0x4d]];

test("the page at / names the games and tells how to replace it", async () => {
  const page = await visit(stage.browser, stage.server.page, PHONE);
  await page.waitForSelector("h2 >> text=board");
  assert.deepEqual(await page.locator("#games h2").allTextContents(), ["board", "tag"]);
  assert.match(await page.textContent("#games"), /No room is open/);
  assert.match(await page.textContent("aside"), /web\/index\.html.*--assets/s);
  assert.doesNotMatch(await page.textContent("body"), /out of date/);
  await keep(page, "hosted-empty-phone");
  page.assertClean();
  await page.context().close();
});

test("any game can be watched: dots by kind, names of players, the rest as text", async () => {
  const board = await play("board", "ann <b>");
  const tag = await play("tag", "bob");
  const page = await visit(stage.browser, stage.server.page);
  await page.waitForSelector(`[data-room="${tag.room}"]`);
  await keep(page, "hosted");
  await page.click(`[data-room="${board.room}"] button`);
  await page.until(
    () => /token1stone4clock1 · seconds \d+/.test(document.querySelector("#legend").textContent),
  );
  const before = await page.evaluate(points, FIRST);
  const stones = await page.evaluate(points, SECOND);
  assert.ok(before.count > 50, `${before.count} pixels of the token`);
  assert.ok(stones.count > 3 * before.count, `${stones.count} pixels of four stones`);
  assert.ok(before.x < stones.x && before.y < stones.y, "the token is in the first corner");
  // A slow machine may miss a press, so they go on until the token is past the stones.
  await board.page.evaluate(async () => {
    const isThere = () =>
      window.player.entities().some(({ kind, square }) => kind === "token" && square.x > 4);
    for (let next = true; !isThere(); next = !next) {
      window.player.input({ next });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  await page.until(
    (x) => window.tickwirePage.client.entities().some(({ kind, square }) => kind === "token" && square.x > x),
    4,
  );
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const after = await page.evaluate(points, FIRST);
  assert.ok(after.x > stones.x && after.y < stones.y, "the token has moved along the first row");
  await keep(page, "hosted-board");

  await page.click("#back");
  await page.click(`[data-room="${tag.room}"] button`);
  await page.until(() => /^runner1/.test(document.querySelector("#legend").textContent));
  assert.ok((await page.evaluate(points, FIRST)).count > 50, "a runner is drawn");
  assert.match(page.url(), new RegExp(`#room=${tag.room}&watch$`));
  await keep(page, "hosted-tag");
  const link = await visit(stage.browser, page.url(), PHONE);
  await link.until(() => /^runner1/.test(document.querySelector("#legend").textContent));
  await keep(link, "hosted-tag-phone");
  for (const each of [page, link]) {
    each.assertClean();
    await each.context().close();
  }
  await Promise.all([board, tag].map((player) => player.page.context().close()));
});

test("when a watched room ends, the page returns to the list, with the reason", async () => {
  const tag = await play("tag", "bob");
  const page = await visit(stage.browser, `${stage.server.page}#room=${tag.room}`);
  await page.waitForSelector("#watch:not([hidden])");
  assert.equal((await fetch(`${stage.server.admin}rooms/${tag.room}`, { method: "DELETE" })).ok, true);
  await page.waitForSelector("#list:not([hidden]) >> text=The room is closed");
  await page.context().close();
  await tag.page.context().close();
});

test("a page of a game that is not hosted learns that, and not that it is out of date", async () => {
  const page = await visit(stage.browser, stage.server.page);
  const tell = (wanted) =>
    page.evaluate(async (wanted) => {
      const [{ connect }, { explain }] = [await import("./tickwire.js"), await import("./arena/closes.js")];
      return connect(wanted).then(() => null, explain);
    }, wanted);
  const absent = await tell({ game: "arena" });
  assert.equal(absent.title, "There is no such game here");
  assert.match(absent.text, /does not host the game `arena`/);
  assert.equal(absent.action, "lobby");
  const tag = await play("tag", "bob");
  const elsewhere = await tell({ game: "board", room: tag.room });
  assert.equal(elsewhere.title, "There is no such game here");
  assert.match(elsewhere.text, new RegExp(`room ${tag.room} plays \`tag\`, not \`board\``));
  const old = await tell({ game: "tag", wasm: `${stage.server.page}arena.wasm` });
  assert.match(old.title, /page is out of date/);
  assert.match(old.text, /schema/);
  assert.equal(old.action, "reload");
  await Promise.all([page, tag.page].map((each) => each.context().close()));
});
