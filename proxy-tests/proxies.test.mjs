// The files of assets/proxy with the real programs: PROXY_NGINX, PROXY_HAPROXY, PROXY_CADDY and PROXY_ENVOY
// name them; a proxy whose variable is not set is not tested. `tickwire-server` must be built,
// and openssl be installed.
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { startServer } from "../browser-tests/support/processes.mjs";
import { CORES, until } from "../client-web/tests/joining.mjs";
import { connect } from "../pages/web/tickwire.js";
import { makeCertificate } from "./support/certificate.mjs";
import { CLIENT, get, openHttp2, overHttp1, overHttp2 } from "./support/clients.mjs";
import { PROXIES, startProxy } from "./support/proxies.mjs";

const { folder, ca } = makeCertificate();
after(() => rmSync(folder, { recursive: true }));

for (const proxy of PROXIES.filter(({ program }) => process.env[program])) {
  const skip = proxy.needs && !existsSync(proxy.needs) && `there is no ${proxy.needs}`;
  describe(proxy.name, { skip }, () => {
    let server;
    let front;
    let base;
    let play;
    before(async () => {
      const flags = ["--trusted-proxies", "127.0.0.1", "--allowed-origins", "https://other.example"];
      if (proxy.protocol) flags.push("--proxy-protocol");
      server = await startServer(...flags);
      front = await startProxy(proxy, server.page, folder);
      base = front.origin + (proxy.prefix ?? "/");
      play = `${base.replace("https", "wss")}play`;
    });
    after(async () => {
      await front?.stop();
      await server?.stop();
    });

    const join = (transport) =>
      connect({ url: play, name: "ada", keep: false, wasm: CORES.arena, fresh: true, transport });
    const sessions = async () => {
      const answer = await fetch(`${server.admin}sessions`);
      return (await answer.json()).sessions;
    };
    const kick = async () => {
      const [session] = await sessions();
      await fetch(`${server.admin}sessions/${session.id}`, { method: "DELETE" });
    };

    test("a player plays under its own address, and an operator's kick reaches it", async () => {
      const transport = overHttp1(ca, "X-Forwarded-For: 198.51.100.9\r\nX-Forwarded-Host: evil.example\r\n");
      const client = await join(transport);
      let closed;
      client.on("closed", (event) => (closed = event));
      const { tick } = client;
      await until(() => client.tick > tick + 5, "updates come");
      assert.deepEqual((await sessions()).map(({ peer, player }) => [peer, player]), [[CLIENT, "ada"]]);
      await kick();
      await until(() => closed, "it is told");
      assert.equal(closed.code, 4014);
    });

    test("a close frame keeps its code and its reason", async () => {
      const socket = overHttp1(ca)(play, "tickwire.v1");
      let closed;
      socket.onopen = () => socket.send(Uint8Array.of(255, 255, 255));
      socket.onclose = (event) => (closed = event);
      await until(() => closed, "the server closes");
      assert.ok([4001, 4002].includes(closed.code) && closed.reason.length > 3, JSON.stringify(closed));
    });

    test("pages and the texts of errors are the server's", async () => {
      const page = await get(base, ca);
      assert.equal(page.status, 200);
      assert.match(page.text, /Play the built-in arena/);
      assert.equal((await get(`${base}arena.wasm`, ca)).status, 200);
      const missing = await get(`${base}nothing`, ca);
      assert.match(`${missing.status} ${missing.text}`, /^404 404 nothing is here/);
      const upgrade = await get(`${base}play`, ca);
      assert.match(`${upgrade.status} ${upgrade.text}`, /^426 426 this is a WebSocket address/);
      if (proxy.prefix) {
        const bare = await get(front.origin + proxy.prefix.slice(0, -1), ca);
        assert.equal(bare.status, 308);
        assert.equal(new URL(bare.headers.location, front.origin).href, base);
        assert.equal((await get(`${front.origin}/play`, ca)).text.includes("WebSocket"), false);
      }
    });

    test("the page's own origin may connect, others may not", async () => {
      const asks = (Origin) => get(`${base}play`, ca, { Origin });
      assert.equal((await asks(front.origin)).status, 426);
      const { status, text } = await asks("https://evil.example");
      assert.equal(status, 403);
      assert.match(text, /allowed_origins/);
    });

    test(`HTTP/2: ${proxy.websockets2 ? "pages and WebSockets" : proxy.http2 ? "pages" : "no"}`, async () => {
      const session = await openHttp2(front.origin, ca);
      assert.equal(session !== null, Boolean(proxy.http2));
      if (session === null) return;
      try {
        const stream = session.request({ ":path": `${proxy.prefix}api/rooms` });
        let status;
        stream.on("response", (headers) => (status = headers[":status"])).resume();
        await until(() => status, "a page comes");
        assert.equal(status, 200);
        assert.equal(Boolean(session.remoteSettings.enableConnectProtocol), Boolean(proxy.websockets2));
        if (!proxy.websockets2) return;
        const client = await join(overHttp2(session));
        const { tick } = client;
        await until(() => client.tick > tick + 5, "updates come");
        assert.equal((await sessions()).find(({ player }) => player === "ada").peer, CLIENT);
        client.close();
        await until(async () => (await sessions()).length === 0, "it left");
      } finally {
        session.destroy();
      }
    });

    test("a server that stops says so", async () => {
      const client = await join(overHttp1(ca));
      let cut;
      client.on("cut", (event) => (cut ??= event));
      client.on("closed", (event) => (cut ??= event));
      server.signal("SIGTERM");
      await until(() => cut, "it is told");
      assert.equal(cut.code, 1001);
      client.close();
    });
  });
}
