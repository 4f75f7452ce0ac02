// Below the prefix of a reverse proxy: files, room list and WebSocket are found relative to the page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, openBrowser, visit } from "./support/browser.mjs";
import { roomOf } from "./support/playing.mjs";
import { startServer } from "./support/processes.mjs";
import { startProxy } from "./support/proxy.mjs";
import { setStage } from "./support/stage.mjs";

const stage = setStage(startServer, openBrowser);

test("the page plays below a proxy's prefix", async () => {
  const proxy = await startProxy(stage.server.page, "/games/arena/");
  const page = await visit(stage.browser, proxy.page);
  try {
    await enter(page, "ann");
    const room = await roomOf(page);
    assert.ok(page.url().startsWith(`${proxy.page}#room=`), page.url());
    const guest = await visit(stage.browser, proxy.page);
    await guest.waitForSelector(`#rooms [data-room="${room}"]`);
    await guest.click(`#rooms [data-room="${room}"] >> text=Join`);
    await guest.waitForFunction(() => window.tickwirePage.client?.roster.length === 2);
    for (const visitor of [page, guest]) visitor.assertClean();
    assert.deepEqual(proxy.strays, []);
    await guest.context().close();
  } finally {
    await page.context().close();
    proxy.stop();
  }
});
