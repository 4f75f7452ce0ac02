// Measures the client's cost in a browser: CPU time per rendered frame to decode, predict and interpolate a
// crowded arena.
//
// Run `node browser-tests/bench/frame-cost.mjs [seconds]`. It needs release builds of the server and the
// bots; see docs/benchmarks.md.
//
// The map is open, with 32 pickups and 64 ships that wind about and never stop shooting: about 260 entities.
// The result includes everything that runs in tickwire.js and its WebAssembly: every message, every timer,
// `input` and `entities` of each rendered frame. It excludes drawing. The part that the browser needs to send
// is listed separately.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

process.env.BROWSER_TESTS_BIN_DIR ??= path.join(
  path.dirname(fileURLToPath(import.meta.url)),
  "../../target/release",
);
const { openBrowser, visit } = await import("../support/browser.mjs");
const { connect } = await import("../../pages/web/tickwire.js");
const { Socket } = await import("../../client-web/tests/socket.mjs");
const { startServer } = await import("../support/processes.mjs");

const SECONDS = Number(process.argv[2] ?? 20);
const OTHERS = 63;
const PICKUPS = 32;

const folder = mkdtempSync(path.join(os.tmpdir(), "tickwire-frame-cost-"));
writeFileSync(path.join(folder, "open.txt"), openMap());
writeFileSync(
  path.join(folder, "server.toml"),
  `[games.arena.settings]\nmap = "open"\nrows_file = "${path.join(folder, "open.txt")}"\n` +
    "round_s = 3600\nscore_limit = 999\nrespawn_s = 1\n",
);
const server = await startServer("--config", path.join(folder, "server.toml"));
const browser = await openBrowser();
try {
  const page = await visit(browser, `${server.page}healthz`);
  await page.goto(server.page);
  const room = await page.evaluate(join);
  const leave = await crowd(server.play, room);
  await page.waitForFunction((count) => window.measured.ships > count, OTHERS, { timeout: 60_000 });
  await page.waitForTimeout(5000);
  const result = await page.evaluate(measure, SECONDS);
  console.log(JSON.stringify(result, null, 2));
  leave();
} finally {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true });
}

/** 48 by 48 tiles without inner walls, so that shots fly far. */
function openMap() {
  const side = 48;
  let pickups = 0;
  const tile = (x, y) => {
    if (x === 0 || y === 0 || x === side - 1 || y === side - 1) return "#";
    if (x % 6 === 3 && y % 6 === 3 && pickups++ < PICKUPS) return "r";
    return x % 6 === 0 && y % 6 === 0 ? "s" : ".";
  };
  return Array.from({ length: side }, (_, y) =>
    Array.from({ length: side }, (_, x) => tile(x, y)).join(""),
  ).join("\n");
}

/** The other players, in this process. Bots shoot only at targets that they can hit: too few shots. */
async function crowd(url, room) {
  const wasm = readFileSync(new URL("../../pages/built/arena.wasm", import.meta.url));
  const transport = (address, protocol) => new Socket(address, protocol);
  const clients = [];
  for (let at = 0; at < OTHERS; at += 1) {
    clients.push(await connect({ url, room, name: `shooter ${at}`, wasm, transport }));
  }
  const play = () => {
    const now = performance.now() / 1000;
    clients.forEach((client, at) => {
      client.input({
        move_x: Math.round(Math.sin(now + at) * 127),
        move_y: Math.round(Math.cos(now * 0.7 + at) * 127),
        aim: now + at,
        fire: true,
      });
    });
  };
  const timer = setInterval(play, 33);
  return () => {
    clearInterval(timer);
    clients.forEach((client) => client.close());
  };
}

/** In the page: joins with a socket and timers whose work is measured, and plays in each animation frame. */
async function join() {
  const cost = { message_ms: 0, timer_ms: 0, frame_ms: 0, send_ms: 0, frames: 0, entities: 0, each: [] };
  window.measured = { ...cost, ships: 0 };
  const timed = (key, act) => (...given) => {
    const from = performance.now();
    try {
      return act(...given);
    } finally {
      window.measured[key] += performance.now() - from;
    }
  };
  const setTimer = window.setTimeout;
  window.setTimeout = (act, ...rest) => setTimer(timed("timer_ms", act), ...rest);
  const { connect } = await import("/tickwire.js");
  const transport = (url, protocol) => {
    const socket = new WebSocket(url, protocol);
    const methods = { send: timed("send_ms", socket.send.bind(socket)), close: socket.close.bind(socket) };
    return new Proxy(socket, {
      get: (_, name) => methods[name] ?? socket[name],
      set: (_, name, value) => {
        socket[name] = name === "onmessage" ? timed("message_ms", value) : value;
        return true;
      },
    });
  };
  const client = await connect({ name: "measure", wasm: "/arena.wasm", transport });
  const animate = (now) => {
    requestAnimationFrame(animate);
    const { measured } = window;
    const [messages, timers] = [measured.message_ms, measured.timer_ms];
    const from = performance.now();
    client.input({
      move_x: Math.round(Math.sin(now / 400) * 127),
      move_y: Math.round(Math.cos(now / 700) * 127),
      aim: now / 300,
      fire: true,
    });
    const entities = client.entities(now);
    measured.frame_ms += performance.now() - from;
    measured.frames++;
    measured.entities += entities.length;
    measured.ships = entities.filter((entity) => entity.kind === "ship").length;
    const ms = performance.now() - from + (messages + timers - (measured.before ?? messages + timers));
    measured.each.push({ entities: entities.length, ms });
    measured.before = messages + timers;
  };
  requestAnimationFrame(animate);
  return client.room;
}

/** In the page: measures for some seconds. */
async function measure(seconds) {
  Object.assign(window.measured, {
    message_ms: 0,
    timer_ms: 0,
    frame_ms: 0,
    send_ms: 0,
    frames: 0,
    entities: 0,
    each: [],
    before: undefined,
  });
  const from = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const { message_ms, timer_ms, frame_ms, send_ms, frames, entities, each } = window.measured;
  const round = (value) => Math.round(value * 1000) / 1000;
  const spread = (chosen) => {
    const sorted = chosen.map(({ ms }) => ms).sort((one, other) => one - other);
    const mean = sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length;
    return {
      frames: sorted.length,
      cpu_ms_mean: round(mean),
      cpu_ms_p99: round(sorted[Math.floor(sorted.length * 0.99)]),
    };
  };
  return {
    frames,
    frames_per_s: round(frames / ((performance.now() - from) / 1000)),
    entities_mean: round(entities / frames),
    cpu_ms_per_frame: round((message_ms + timer_ms + frame_ms) / frames),
    of_it_sending: round(send_ms / frames),
    of_it: {
      messages: round(message_ms / frames),
      timers: round(timer_ms / frames),
      input_and_entities: round(frame_ms / frames),
    },
    all: spread(each),
    entities_256_and_more: spread(each.filter(({ entities }) => entities >= 256)),
  };
}
