// A reloaded page takes its seat again, and no other page does.

import { test } from "node:test";
import { enter, openBrowser, visit } from "./support/browser.mjs";
import { startServer } from "./support/processes.mjs";
import {
  arenaComesBack,
  arenaWithoutItsRoom,
  reloadsAsTheSamePlayer,
  twoTabsHaveTwoPlayers,
} from "./support/reload.mjs";
import { setStage } from "./support/stage.mjs";

const stage = setStage(startServer, openBrowser);
const bare = () => visit(stage.browser, `${stage.server.page}tickwire.d.ts`);

test("after a reload during a match: the same player, the same entity, each event once", async () => {
  const [reader, other] = [await bare(), await bare()];
  await reloadsAsTheSamePlayer(reader, other);
  await Promise.all([reader, other].map((page) => page.context().close()));
});

test("two tabs do not take each other's seat", async () => {
  const page = await bare();
  await twoTabsHaveTwoPlayers(page, async () => {
    const opened = page.context().waitForEvent("page");
    // A tab opened by a page starts with a copy of the page's `sessionStorage`, like a duplicate.
    await page.evaluate(() => void window.open(location.href));
    const copy = await opened;
    await copy.waitForLoadState();
    return copy;
  });
  await page.context().close();
});

test("the arena's page returns to its match, or to the lobby if the match no longer exists", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await enter(page, "phoenix");
  await arenaComesBack(page);
  page.assertClean();
  await arenaWithoutItsRoom(page, stage.server.admin);
  await page.context().close();
});
