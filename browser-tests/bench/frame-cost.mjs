// What the client costs a browser: CPU time a frame to decode, predict and interpolate a crowded arena.
//
//   node browser-tests/bench/frame-cost.mjs [seconds]      (needs release builds of server and bots; see docs/benchmarks.md)
//
// An open map with 64 pickups and 64 ships that hunt, about 256 entities. Counted is all that runs in tickwire.js and its
// WebAssembly: every message, every timer, `input` and `entities` of each frame. Drawing is not.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

process.env.BROWSER_TESTS_BIN_DIR ??= path.join(path.dirname(fileURLToPath(import.meta.url)), "../../target/release");
const { openBrowser, visit } = await import("../support/browser.mjs");
const { startBots, startServer } = await import("../support/processes.mjs");

const SECONDS = Number(process.argv[2] ?? 20);
const BOTS = 63;

const folder = mkdtempSync(path.join(os.tmpdir(), "tickwire-frame-cost-"));
writeFileSync(path.join(folder, "open.txt"), openMap());
writeFileSync(
  path.join(folder, "server.toml"),
  `[games.arena.settings]\nmap = "open"\nrows_file = "${path.join(folder, "open.txt")}"\nround_s = 3600\nscore_limit = 999\nrespawn_s = 1\n`,
);
const server = await startServer("--config", path.join(folder, "server.toml"));
const browser = await openBrowser();
try {
  const page = await visit(browser, `${server.page}healthz`);
  await page.goto(server.page);
  const room = await page.evaluate(join);
  const bots = startBots(server.play, BOTS, "--room", room, "--behaviour", "hunt");
  await page.waitForFunction((count) => window.measured.ships >= count, BOTS, { timeout: 60_000 });
  await page.waitForTimeout(5000);
  const result = await page.evaluate(measure, SECONDS);
  console.log(JSON.stringify(result, null, 2));
  await bots.stop();
} finally {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true });
}

/** 48 by 48 tiles without a wall inside: long ways for shots. */
function openMap() {
  const side = 48;
  let pickups = 0;
  const tile = (x, y) => {
    if (x === 0 || y === 0 || x === side - 1 || y === side - 1) return "#";
    if (x % 6 === 3 && y % 6 === 3 && pickups++ < 64) return (x + y) % 2 ? "h" : "r";
    return x % 6 === 0 && y % 6 === 0 ? "s" : ".";
  };
  return Array.from({ length: side }, (_, y) => Array.from({ length: side }, (_, x) => tile(x, y)).join("")).join("\n");
}

/** In the page: joins with a socket and timers whose work is counted, and plays a frame each animation frame. */
async function join() {
  const cost = { message_ms: 0, timer_ms: 0, frame_ms: 0, frames: 0, entities: 0, each_ms: [] };
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
    return new Proxy(socket, {
      get: (_, name) => (typeof socket[name] === "function" ? socket[name].bind(socket) : socket[name]),
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
    client.input({ move_x: Math.round(Math.sin(now / 400) * 127), move_y: Math.round(Math.cos(now / 700) * 127), aim: now / 300, fire: true });
    const entities = client.entities(now);
    measured.frame_ms += performance.now() - from;
    measured.frames++;
    measured.entities += entities.length;
    measured.ships = entities.filter((entity) => entity.kind === "ship").length;
    measured.each_ms.push(performance.now() - from + (messages + timers - (measured.before ?? messages + timers)));
    measured.before = messages + timers;
  };
  requestAnimationFrame(animate);
  return client.room;
}

/** In the page: the figures over some seconds. */
async function measure(seconds) {
  Object.assign(window.measured, { message_ms: 0, timer_ms: 0, frame_ms: 0, frames: 0, entities: 0, each_ms: [], before: undefined });
  const from = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const { message_ms, timer_ms, frame_ms, frames, entities, each_ms } = window.measured;
  const sorted = [...each_ms].sort((one, other) => one - other);
  const round = (value) => Math.round(value * 1000) / 1000;
  return {
    frames,
    frames_per_s: round(frames / ((performance.now() - from) / 1000)),
    entities_mean: round(entities / frames),
    cpu_ms_per_frame: round((message_ms + timer_ms + frame_ms) / frames),
    of_it: { messages: round(message_ms / frames), timers: round(timer_ms / frames), input_and_entities: round(frame_ms / frames) },
    cpu_ms_p99: round(sorted[Math.floor(sorted.length * 0.99)]),
  };
}
