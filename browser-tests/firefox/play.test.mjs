// The page in Firefox: the main course from the lobby to the end of a session. Details are tested in
// Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, keep, openFirefox, visit } from "../support/firefox.mjs";
import { assertSameState, countHits, fireUntil, flyAndWatch, roomOf, textOf } from "../support/playing.mjs";
import { startBots, startOwnGame, startServer, startWire, startWithoutArena } from "../support/processes.mjs";
import { arenaComesBack, arenaWithoutItsRoom, reloadsAsTheSamePlayer } from "../support/reload.mjs";
import { setStage } from "../support/stage.mjs";

const stage = setStage(startServer, openFirefox);

test("the page loads without faults, and a key press moves the ship in the next frame", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await page.until(() => document.querySelector("#rooms-note").textContent !== "");
  await keep(page, "lobby");
  await enter(page, "ann");
  await flyAndWatch(page);
  page.assertClean();
  await page.leave();
});

test("shots at bots hit, and a kill raises the score on the screen and in the table", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await page.click("#create summary");
  await page.click("#create-form label:has([value=duel])");
  await enter(page, "hunter", "#create-form [type=submit]");
  const bots = startBots(stage.server.play, 7, "--behaviour", "idle", "--room", await roomOf(page));
  try {
    await page.until(() => window.tickwirePage.drawn.ships >= 8);
    await countHits(page);
    await fireUntil(page, () => window.hits > 0, "hit");
    await fireUntil(page, () => window.tickwirePage.drawn.own?.score > 0, "kill");
    await page.keyboard.press("F3");
    await page.keyboard.down("Tab");
    await page.until(
      () => Number(document.querySelector("#scores-body .own td:nth-child(3)")?.textContent) > 0,
    );
    await keep(page, "play");
    await page.keyboard.up("Tab");
    page.assertClean();
  } finally {
    await bots.stop();
    await page.leave();
  }
});

test("the mouse fires while its left button is down, in any order of buttons", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await enter(page, "ann");
  await page.evaluate(() => {
    const { client } = window.tickwirePage;
    const send = client.input.bind(client);
    client.input = (input) => send((window.sent = { ...input }));
  });
  const [left, right] = [{ button: "left" }, { button: "right" }];
  const fires = (wanted) => page.until((wanted) => window.sent?.fire === wanted, wanted);
  await page.mouse.move(300, 300);
  for (const [act, button, wanted] of [
    ["down", left, true], ["down", right, true], ["up", left, false], ["down", left, true],
    ["up", left, false], ["up", right, false],
  ]) {
    await page.mouse[act](button);
    await fires(wanted);
  }
  await page.mouse.down(left);
  await fires(true);
  const { x, y } = await page.$eval("#btn-net", (button) => button.getBoundingClientRect().toJSON());
  await page.mouse.move(x + 9, y + 9);
  await page.mouse.up(left);
  await fires(false);
  page.assertClean();
  await page.leave();
});

test("a cut is reported, and the player is back as the same player", async (context) => {
  const wire = await startWire(stage.server.page);
  context.after(() => wire.stop());
  const page = await visit(stage.browser, wire.page);
  await enter(page, "phoenix");
  const who = () =>
    page.evaluate(() => [
      window.tickwirePage.client.room,
      window.tickwirePage.client.player,
      window.tickwirePage.client.entityId,
    ]);
  const before = await who();
  wire.down = true;
  wire.cut();
  await page.until(() => !document.querySelector("#link-lost").hidden);
  wire.down = false;
  await page.until(() => /in the same ship/.test(document.querySelector("#toasts").textContent));
  assert.deepEqual(await who(), before);
  await page.leave();
});

test("after a reload during a match: the same player, the same entity, each event once", async () => {
  const [reader, other] = [
    await visit(stage.browser, `${stage.server.page}tickwire.d.ts`),
    await visit(stage.browser, `${stage.server.page}tickwire.d.ts`),
  ];
  await reloadsAsTheSamePlayer(reader, other);
  await Promise.all([reader.leave(), other.leave()]);
});

test("the arena's page returns to its match, or to the lobby if the match no longer exists", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await enter(page, "phoenix");
  await arenaComesBack(page);
  page.assertClean();
  await arenaWithoutItsRoom(page, stage.server.admin);
  await page.leave();
});

test("a kick shows its text and what to do", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await enter(page, "rascal");
  const { sessions } = await (await fetch(`${stage.server.admin}sessions`)).json();
  const session = sessions.find((other) => other.player === "rascal");
  assert.equal((await fetch(`${stage.server.admin}sessions/${session.id}`, { method: "DELETE" })).ok, true);
  await page.until(() => document.querySelector("#closed").open);
  assert.match(await textOf(page, "#closed-code"), /4014 kicked/);
  assert.match(await textOf(page, "#closed"), /You were removed/);
  await keep(page, "kicked");
  page.assertClean();
  await page.leave();
});

test("a spectator sees the same state as a player at the same tick", async () => {
  const player = await visit(stage.browser, stage.server.page);
  await enter(player, "ann");
  const watcher = await visit(stage.browser, `${await player.evaluate(() => location.href)}&watch`);
  const bots = startBots(stage.server.play, 4, "--room", await roomOf(player));
  try {
    await watcher.until(() => window.tickwirePage.drawn.ships >= 5);
    await assertSameState(player, watcher);
    for (const page of [player, watcher]) page.assertClean();
  } finally {
    await bots.stop();
    for (const page of [player, watcher]) await page.leave();
  }
});

test("the example game's page plays with the generic client", async (context) => {
  const host = await startOwnGame();
  context.after(() => host.stop());
  const page = await visit(stage.browser, `${host.page}tag.html`);
  await page.until(() => /the red player is it/.test(document.querySelector("#line").textContent));
  await keep(page, "own-game");
  page.assertClean();
  await page.leave();
});

test("games of a host without the arena can be watched", async (context) => {
  const host = await startWithoutArena();
  context.after(() => host.stop());
  const player = await visit(stage.browser, `${host.page}tag.html`);
  await player.until(() => /the red player is it/.test(document.querySelector("#line").textContent));
  const page = await visit(stage.browser, host.page);
  await page.until(() => document.querySelector("#games li button") !== null);
  await page.click("#games li button");
  await page.until(() => /^runner1/.test(document.querySelector("#legend").textContent));
  await keep(page, "hosted");
  for (const each of [player, page]) {
    each.assertClean();
    await each.leave();
  }
});
