// A page that is reloaded during a match, in either browser: `page` has `evaluate`, `reload` and our `until`.

import assert from "node:assert/strict";

/** Joins with tickwire.js alone, on any page of the server; received emotes go to `window.heard`. */
export const join = (page, options) =>
  page.evaluate(async (options) => {
    const { connect } = await import(new URL("/tickwire.js", location.href));
    window.client = await connect({ wasm: "/arena.wasm", ...options });
    window.heard = [];
    window.client.on(
      "event",
      (event) => event.type === "Emoted" && window.heard.push(`${event.player}:${event.emote}`),
    );
    window.client.on("closed", (close) => (window.closedWith = close.reason));
    const { player, entityId, room } = window.client;
    return { player, entityId, room };
  }, options);

const heard = (page) => page.evaluate(() => window.heard);

/** Shows an emote, as soon as the game accepts it. */
async function emote(page, number) {
  await page.evaluate((number) => {
    clearInterval(window.emoting);
    window.emoting = setInterval(() => window.client.command({ Emote: number }), 200);
  }, number);
  await page.until(
    (number) => window.heard.some((told) => told === `${window.client.player}:${number}`),
    number,
  );
  await page.evaluate(() => clearInterval(window.emoting));
}

/** `reader` and `other` are pages of the server without a client. */
export async function reloadsAsTheSamePlayer(reader, other) {
  const before = await join(reader, { name: "reader", fresh: true });
  const { room } = before;
  await join(other, { name: "other", room });
  await emote(other, 1);
  await reader.until((count) => window.heard.length >= count, (await heard(other)).length);
  const first = await heard(reader);
  assert.equal(await reader.evaluate(() => sessionStorage.length), 0, "a duplicated tab would copy it");
  await reader.reload();
  await emote(other, 2);
  assert.deepEqual(await join(reader, { name: "reader" }), before);
  await emote(other, 3);
  const all = await heard(other);
  await reader.until((count) => window.heard.length >= count, all.length - first.length);
  assert.deepEqual([...first, ...(await heard(reader))], all, "each event once, in order");
  assert.equal(await other.evaluate(() => window.client.roster.length), 2);
}

/** `open` opens a duplicate of the tab of `page`, with a copy of its `sessionStorage`. */
export async function twoTabsHaveTwoPlayers(page, open) {
  const own = await join(page, { name: "ann", fresh: true });
  const copy = await open();
  const { player } = await join(copy, { name: "ann", room: own.room });
  assert.notEqual(player, own.player);
  await page.until(() => window.client.roster.length === 2);
  await Promise.all([page.reload(), copy.reload()]);
  assert.deepEqual(await join(page, {}), own);
  assert.equal((await join(copy, {})).player, player);
  assert.equal(await page.evaluate(() => `${window.client.state} ${window.closedWith}`), "playing undefined");
}

/** Room, player and entity of the arena's page. */
const whoPlays = (page) =>
  page.evaluate(() => [
    window.tickwirePage.client.room,
    window.tickwirePage.client.player,
    window.tickwirePage.client.entityId,
  ]);

/** Reloads the arena's page, which is in a match. */
export async function arenaComesBack(page) {
  const before = await whoPlays(page);
  for (let times = 0; times < 2; times++) {
    await page.reload();
    await page.until(() => window.tickwirePage?.drawn.frames > 5 && document.body.dataset.screen === "play");
    assert.deepEqual(await whoPlays(page), before);
  }
}

/** Reloads the arena's page, which is in a match whose room is closed meanwhile. */
export async function arenaWithoutItsRoom(page, admin) {
  const [room] = await whoPlays(page);
  const address = await page.evaluate(() => location.href);
  await page.goto("about:blank");
  assert.equal((await fetch(`${admin}rooms/${room}`, { method: "DELETE" })).ok, true);
  await page.goto(address);
  await page.until(() => !document.querySelector("#invite").hidden);
  assert.equal(
    await page.evaluate(
      () => document.querySelector("#closed").open || !document.querySelector("#problem").hidden,
    ),
    false,
  );
}
