// Below the prefix of a reverse proxy: files, list of rooms and WebSocket are all found beside the page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, openBrowser, visit } from "./support/browser.mjs";
import { roomOf } from "./support/playing.mjs";
import { startServer } from "./support/processes.mjs";
import { startProxy } from "./support/proxy.mjs";

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("the page plays below a proxy's prefix", async () => {
  const proxy = await startProxy(server.page, "/games/arena/");
  const page = await visit(browser, proxy.page);
  try {
    await enter(page, "ann");
    const room = await roomOf(page);
    assert.ok(page.url().startsWith(`${proxy.page}#room=`), page.url());
    const guest = await visit(browser, proxy.page);
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
