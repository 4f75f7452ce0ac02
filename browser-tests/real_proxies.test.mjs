// The page behind the proxies of assets/proxy, as far as PROXY_NGINX and the like name the programs: a
// browser that speaks HTTP/2 finds a way for its WebSocket.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, before, test } from "node:test";
import { makeCertificate } from "../proxy-tests/support/certificate.mjs";
import { PROXIES, startProxy } from "../proxy-tests/support/proxies.mjs";
import { DESKTOP, enter, openBrowser, visit } from "./support/browser.mjs";
import { roomOf } from "./support/playing.mjs";
import { startServer } from "./support/processes.mjs";

const isHere = ({ program, prefix, protocol }) => process.env[program] && prefix && !protocol;
const proxies = PROXIES.filter(isHere);
let browser;
let folder;
before(async () => {
  if (proxies.length === 0) return;
  ({ folder } = makeCertificate());
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  if (folder) rmSync(folder, { recursive: true });
});

for (const proxy of proxies) {
  const way = proxy.websockets2 ? "HTTP/2" : "a connection of HTTP/1.1";
  test(`behind ${proxy.name} the page plays over ${way}`, async () => {
    const server = await startServer("--trusted-proxies", "127.0.0.1");
    const front = await startProxy(proxy, server.page, folder);
    // Its certificate is no one's that the browser knows.
    const page = await visit(browser, `${front.origin}/game`, { ...DESKTOP, ignoreHTTPSErrors: true });
    try {
      const network = await page.context().newCDPSession(page);
      await network.send("Network.enable");
      const statuses = [];
      const files = [];
      const answered = ({ response }) => statuses.push(response.status);
      network.on("Network.webSocketHandshakeResponseReceived", answered);
      network.on("Network.responseReceived", ({ response }) => files.push(response.protocol));
      await page.reload();
      await enter(page, "ann");
      assert.ok(await roomOf(page));
      assert.deepEqual([...new Set(files)], ["h2"]);
      // Over HTTP/2 a WebSocket that opens is answered with 200 (RFC 8441).
      assert.deepEqual(statuses, [proxy.websockets2 ? 200 : 101]);
      page.assertClean();
    } finally {
      await page.context().close();
      await front.stop();
      await server.stop();
    }
  });
}
