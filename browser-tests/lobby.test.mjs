// The lobby: what a visitor sees first, what links do, and that texts of strangers stay texts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PHONE, enter, keep, openBrowser, visit } from "./support/browser.mjs";
import { roomOf } from "./support/playing.mjs";
import { startServer } from "./support/processes.mjs";
import { setStage } from "./support/stage.mjs";

const stage = setStage(startServer, openBrowser);

test("the page loads without errors, content policy violations or requests to other hosts", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await page.waitForSelector("#rooms-note:not(:empty)");
  await keep(page, "lobby");
  await enter(page, "ann");
  page.assertClean();
  await page.context().close();
});

test("a name is remembered by the browser", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await enter(page, "Ada Lovelace");
  await page.click("#btn-leave");
  await page.reload();
  assert.equal(await page.inputValue("#name"), "Ada Lovelace");
  page.assertClean();
  await page.context().close();
});

test("a link to a room joins that room, and one with garbage is refused with a text", async () => {
  const host = await visit(stage.browser, stage.server.page);
  await host.click("#create summary");
  await host.click("text=Duel");
  await host.click("text=Create and play");
  await host.waitForFunction(() => window.tickwirePage.drawn.frames > 5);
  const room = await roomOf(host);
  assert.ok(host.url().endsWith(`#room=${room}`), host.url());

  const guest = await visit(stage.browser, host.url());
  assert.match(await guest.textContent("#invite"), new RegExp(room));
  await enter(guest, "guest");
  assert.equal(await roomOf(guest), room);
  for (const page of [host, guest]) page.assertClean();
  await Promise.all([host.context().close(), guest.context().close()]);

  for (const hash of [
    "#room=<img src=x onerror=alert(1)>", "#room=abc", "#room=iiiiiiii", "#else", `#room=${"a".repeat(5000)}`,
  ]) {
    const page = await visit(stage.browser, stage.server.page + hash);
    assert.match(await page.textContent("#problem"), /names no room/, hash);
    assert.equal(await page.isHidden("#invite"), true, hash);
    page.assertClean();
    await page.context().close();
  }
});

test("a private room is joined with the link of an invitation, and not without", async () => {
  const host = await visit(stage.browser, stage.server.page);
  await host.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await host.click("#create > summary");
  await host.check("[name=private]");
  await keep(host, "lobby-private");
  await enter(host, "ann", "#create-form [type=submit]");
  const room = await roomOf(host);
  await host.click("#btn-share");
  await host.waitForSelector("text=Link to this room copied");
  const link = await host.evaluate(() => navigator.clipboard.readText());
  assert.match(link, new RegExp(`#room=${room}&invite=[\\w-]{40,96}$`));

  const guest = await visit(stage.browser, link);
  await enter(guest, "guest");
  assert.equal(await roomOf(guest), room);
  const lobby = await visit(stage.browser, stage.server.page);
  const line = lobby.locator(`#rooms [data-room="${room}"]`);
  assert.match(await line.locator("small").textContent(), /by invitation/);
  assert.ok(await line.locator("text=Private").isDisabled());
  const stranger = await visit(stage.browser, link.replace(/&invite=.*/, ""));
  await stranger.fill("#name", "eve");
  await stranger.click("#play");
  await stranger.waitForSelector("#problem:not([hidden])");
  assert.match(await stranger.textContent("#problem"), /private/);
  for (const page of [host, guest, lobby, stranger]) {
    page.assertClean();
    await page.context().close();
  }
});

test("a room is listed with its map and its number of seats", async () => {
  const [any, duel] = [
    await visit(stage.browser, stage.server.page),
    await visit(stage.browser, stage.server.page),
  ];
  await enter(any, "ann");
  await duel.click("#create > summary");
  await duel.check("[name=map][value=duel]", { force: true });
  await enter(duel, "bob", "#create-form [type=submit]");
  const lobby = await visit(stage.browser, stage.server.page);
  for (const [page, name, places] of [[any, "courtyard", "of 64 players"], [duel, "duel", "of 8 players"]]) {
    const line = lobby.locator(`#rooms [data-room="${await roomOf(page)}"]`);
    assert.equal(await line.locator("b").textContent(), name);
    assert.match(await line.locator("small").textContent(), new RegExp(places));
  }
  await keep(lobby, "lobby-rooms");
  for (const page of [any, duel, lobby]) {
    page.assertClean();
    await page.context().close();
  }
});

test("a wrong link, pasted during play, is reported and changes nothing", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await enter(page, "ann");
  const before = page.url();
  await page.evaluate(() => (location.hash = "#room=<img src=x onerror=alert(1)>"));
  await page.waitForSelector("#toasts >> text=names no room");
  await page.evaluate(() => (location.hash = "#room=zzzzzzzz"));
  await page.waitForSelector("#toasts >> text=Room zzzzzzzz no longer exists");
  await page.evaluate(() => (location.hash = ""));
  await page.until((address) => location.href === address, before);
  assert.equal(await page.evaluate(() => window.tickwirePage.client.state), "playing");
  assert.equal(await page.isVisible("#lobby"), false);
  const other = await visit(stage.browser, stage.server.page);
  await other.click("#create > summary");
  await enter(other, "bob", "#create-form [type=submit]");
  await page.evaluate((hash) => (location.hash = hash), new URL(other.url()).hash);
  await page.waitForSelector("#lobby #invite:not([hidden])");
  for (const each of [page, other]) each.assertClean();
  await Promise.all([page.context().close(), other.context().close()]);
});

test("a link to watch joins the room at once, and reports a room that no longer exists", async () => {
  const host = await visit(stage.browser, stage.server.page);
  await enter(host, "host");
  const watcher = await visit(stage.browser, `${host.url()}&watch`);
  await watcher.until(() => window.tickwirePage.drawn.ships > 0);
  assert.equal(await roomOf(watcher), await roomOf(host));
  assert.equal(await watcher.evaluate(() => window.tickwirePage.client.player), null);
  for (const page of [host, watcher]) {
    page.assertClean();
    await page.context().close();
  }
  const late = await visit(stage.browser, `${stage.server.page}#room=zzzzzzzz&watch`);
  await late.waitForSelector("#problem >> text=There is no room zzzzzzzz");
  await late.context().close();
});

test("a link to a room that no longer exists reports that and offers another", async () => {
  const page = await visit(stage.browser, `${stage.server.page}#room=zzzzzzzz`);
  await page.click("#play");
  await page.waitForSelector("#problem:not([hidden])");
  assert.match(
    await page.textContent("#problem"),
    /^The room is closed\. .*\. There is no room zzzzzzzz\. Join another room/,
  );
  assert.equal(await page.isHidden("#invite"), true);
  await enter(page, "ann", "text=Play now");
  page.assertClean();
  await page.context().close();
});

test("a player that follows another link during a join has one ship", async () => {
  const host = await visit(stage.browser, stage.server.page);
  await enter(host, "host");
  const page = await visit(stage.browser, stage.server.page);
  await page.fill("#name", "twice");
  await page.evaluate(async (hash) => {
    const play = document.querySelector("#play");
    play.click();
    const changed = new Promise((resolve) => window.addEventListener("hashchange", resolve, { once: true }));
    location.hash = hash;
    await changed;
    play.click();
  }, new URL(host.url()).hash);
  await page.until(() => window.tickwirePage.drawn.frames > 30);
  const named = () =>
    host.evaluate(() => window.tickwirePage.client.roster.filter((entry) => entry.name === "twice").length);
  assert.equal(await named(), 1);
  await page.click("#btn-leave");
  await host.until(() => !window.tickwirePage.client.roster.some((entry) => entry.name === "twice"));
  for (const each of [host, page]) each.assertClean();
  await Promise.all([host.context().close(), page.context().close()]);
});

test("a hostile name is shown as text wherever names are shown", async () => {
  const name = "<img src=x onerror=alert(1)>";
  const evil = await visit(stage.browser, stage.server.page);
  await enter(evil, name);
  const room = await roomOf(evil);
  const other = await visit(stage.browser, `${stage.server.page}#room=${room}`);
  await enter(other, "\u202Eother\u0007");
  for (const page of [evil, other]) {
    await page.click("#btn-scores");
    await page.waitForFunction(
      (wanted) => document.querySelector("#scores-body").textContent.includes(wanted),
      name,
    );
    assert.match(await page.textContent("#scores-body"), /other/);
    assert.doesNotMatch(await page.textContent("#scores-body"), /[\u202E\u0007]/);
    assert.equal(await page.evaluate(() => document.querySelectorAll("body img").length), 0);
  }
  await keep(other, "hostile-name");
  await evil.click("#btn-leave");
  await other.waitForFunction(
    (wanted) => document.querySelector("#feed").textContent.includes(`${wanted}left`),
    name,
  );
  for (const page of [evil, other]) page.assertClean();
  await Promise.all([evil.context().close(), other.context().close()]);
});

test("a phone gets the lobby and two sticks without horizontal scrolling", async () => {
  const page = await visit(stage.browser, stage.server.page, PHONE);
  const tooWide = () => page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  assert.equal(await tooWide(), false);
  await keep(page, "lobby-phone");
  await page.tap("#play");
  await page.waitForFunction(() => window.tickwirePage.drawn.frames > 5);
  await page.touchscreen.tap(90, 700);
  assert.equal(await tooWide(), false);
  await keep(page, "play-phone");
  page.assertClean();
  await page.context().close();
});
