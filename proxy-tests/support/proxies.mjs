// The proxies of assets/proxy: how each is started from its file, with ports and paths of a test in place of
// an operator's.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import path from "node:path";

const SNIPPETS = new URL("../../assets/proxy/", import.meta.url);
const START_MS_MAX = 20_000;
const LOG_CHARS_MAX = 20_000;

const NGINX = {
  args: (file, folder) => ["-e", "stderr", "-p", folder, "-c", file, "-g", "daemon off;"],
  adapt: [["listen 443 ", "listen 127.0.0.1:PORT "], ["pid /run/nginx.pid", "pid FOLDER/nginx.pid"]],
};
const HAPROXY = {
  args: (file) => ["-db", "-f", file],
  adapt: [["bind :443 ", "bind 127.0.0.1:PORT "], ["maxconn 20000", "maxconn 100"]],
};
const CADDY = {
  args: (file) => ["run", "--adapter", "caddyfile", "--config", file],
  adapt: [
    [
      "{$SITE:play.example.com} {\n",
      "{\nadmin off\nauto_https off\ndefault_bind 127.0.0.1\n}\n" +
        "https://localhost:PORT {\ntls /etc/tickwire/cert.pem /etc/tickwire/key.pem\n",
    ],
  ],
};

/**
 * `program` is the variable that names it. `http2` says whether it speaks HTTP/2 with clients, `websockets2`
 * whether WebSockets may come that way (RFC 8441), `protocol` whether it sends the PROXY protocol. `needs` is
 * a file without which it cannot.
 */
export const PROXIES = [
  { name: "nginx", program: "PROXY_NGINX", file: "nginx.conf", prefix: "/game/", http2: true, ...NGINX },
  {
    name: "nginx with the PROXY protocol, version 1",
    program: "PROXY_NGINX",
    file: "nginx-stream.conf",
    protocol: true,
    ...NGINX,
    needs: "/usr/lib/nginx/modules/ngx_stream_module.so",
  },
  {
    name: "HAProxy",
    program: "PROXY_HAPROXY",
    file: "haproxy.cfg",
    prefix: "/game/",
    http2: true,
    websockets2: true,
    ...HAPROXY,
  },
  {
    name: "HAProxy with the PROXY protocol, version 2",
    program: "PROXY_HAPROXY",
    file: "haproxy-tcp.cfg",
    protocol: true,
    ...HAPROXY,
  },
  {
    name: "HAProxy with the PROXY protocol, version 1",
    program: "PROXY_HAPROXY",
    file: "haproxy-tcp.cfg",
    protocol: true,
    ...HAPROXY,
    adapt: [...HAPROXY.adapt, [" send-proxy-v2 ", " send-proxy "]],
  },
  { name: "Caddy", program: "PROXY_CADDY", file: "Caddyfile", prefix: "/game/", http2: true, ...CADDY },
  {
    name: "Caddy with the PROXY protocol, version 2",
    program: "PROXY_CADDY",
    file: "Caddyfile",
    prefix: "/game/",
    http2: true,
    protocol: true,
    ...CADDY,
    adapt: [...CADDY.adapt, ["stream_close_delay 4h", "transport http {\nproxy_protocol v2\n}"]],
  },
  {
    name: "Envoy",
    program: "PROXY_ENVOY",
    file: "envoy.yaml",
    prefix: "/game/",
    http2: true,
    websockets2: true,
    args: (file) => ["--concurrency", "1", "--use-dynamic-base-id", "-l", "warning", "-c", file],
    adapt: [["address: 0.0.0.0, port_value: 443", "address: 127.0.0.1, port_value: PORT"]],
  },
];

/** Starts a proxy in front of the server at `target`. Returns its address, its log and `stop`. */
export async function startProxy(proxy, target, folder) {
  const port = await freePort();
  let text = readFileSync(new URL(proxy.file, SNIPPETS), "utf8");
  const adapt = (from, to) => {
    assert.ok(text.includes(from), `${proxy.file} has no ${JSON.stringify(from)}`);
    text = text.replaceAll(from, to);
  };
  proxy.adapt.forEach(([from, to]) => adapt(from, to));
  if (proxy.file.endsWith(".yaml")) adapt("port_value: 8080", `port_value: ${new URL(target).port}`);
  else adapt("127.0.0.1:8080", new URL(target).host);
  adapt("/etc/tickwire", folder);
  text = text.replaceAll("PORT", String(port)).replaceAll("FOLDER", folder);
  const file = path.join(folder, `${port}-${proxy.file}`);
  writeFileSync(file, text);
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn(process.env[proxy.program], proxy.args(file, folder), { env });
  let log = "";
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding("utf8").on("data", (more) => (log = (log + more).slice(-LOG_CHARS_MAX)));
  }
  let over = false;
  const gone = once(child, "exit").then(() => (over = true));
  const stop = async () => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await gone;
    clearTimeout(late);
  };
  const started = performance.now();
  while (!(await answers(port))) {
    if (over || performance.now() - started > START_MS_MAX) {
      await stop();
      assert.fail(`${proxy.name} did not start:\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { origin: `https://localhost:${port}`, stop, log: () => log };
}

/** A port that is free now. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

const answers = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => (socket.destroy(), resolve(true)));
    socket.on("error", () => resolve(false));
  });
