// The server, the bots and a wire that can be cut: real programs on free loopback ports.

import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
const TARGET = path.resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target");
const BINARIES = process.env.BROWSER_TESTS_BIN_DIR ?? path.join(TARGET, "debug");
const LOG_LINES_MAX = 200;

/** Where screenshots go. */
export const ARTEFACTS = path.join(ROOT, "target/browser-tests");

/**
 * Starts a server. Returns `{ page, play, admin, log, stop, signal }`; `page` and `admin` are addresses that
 * end with a slash.
 */
export const startServer = (...flags) => startHost("tickwire-server", ...flags);

/** The same for the example `02-tag`, which must be built. */
export const startOwnGame = (...flags) => startHost("examples/02-tag", ...flags);

/** The same for a step of the ladder of examples. */
export const startExample = (step, ...flags) => startHost(`examples/${step}`, ...flags);

/** The same for the example `without_arena`, which hosts two other games. */
export const startWithoutArena = (...flags) => startHost("examples/without_arena", ...flags);

/** The same for the program that a new game's repository built last. */
export const startNewGame = () => startHost("game-server");

/** Where a program is, by its name. */
export const programPath = (name) => path.join(BINARIES, name);

async function startHost(program, ...flags) {
  const child = start(program, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", ...flags);
  const { stdout, stderr } = child.process;
  const ready = Promise.all([
    told(stdout, /^listening on (ws:\S+)/),
    told(stderr, /^metrics at (\S+)metrics$/),
  ]);
  const exit = once(child.process, "exit").then(() => {
    throw new Error(`the server did not start:\n${child.log.join("\n")}`);
  });
  const [play, admin] = await Promise.race([ready, exit]);
  exit.catch(() => {});
  const page = play.replace(/^ws/, "http").replace(/play$/, "");
  const signal = (name) => child.process.kill(name);
  return { page, play, admin, log: child.log, stop: child.stop, signal };
}

/** The pattern's group in the first line that matches. */
const told = (input, pattern) =>
  new Promise((resolve) => {
    createInterface({ input }).on("line", (line) => {
      const found = line.match(pattern);
      if (found) resolve(found[1]);
    });
  });

/** Starts bots. They play until `stop`, which returns their report, or null if they never played. */
export function startBots(play, bots, ...flags) {
  const child = start(
    "tickwire-client-bot",
    "--url", play, "--bots", String(bots), "--duration", "10m", "--quiet", "--report", "-",
    ...flags,
  );
  let report = "";
  child.process.stdout.setEncoding("utf8").on("data", (text) => (report += text));
  return {
    log: child.log,
    async stop() {
      await child.stop("SIGINT");
      return report === "" ? null : JSON.parse(report);
    },
  };
}

/**
 * A TCP wire to a server. `cut` ends all its connections at once. While it is `down`, it refuses new ones and
 * calls `onRefused` for each. Each direction takes `delay_ms`.
 */
export async function startWire(target) {
  const { hostname, port } = new URL(target);
  const sockets = new Set();
  const wire = { down: false, delay_ms: 0, onRefused: () => {} };
  const server = net.createServer((near) => {
    if (wire.down) {
      wire.onRefused();
      near.destroy();
      return;
    }
    const far = net.connect(Number(port), hostname);
    for (const [from, to] of [[near, far], [far, near]]) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      if (wire.delay_ms === 0) from.pipe(to);
      else from.on("data", (bytes) => setTimeout(() => to.write(bytes), wire.delay_ms));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => sockets.forEach((socket) => socket.destroy());
  return Object.assign(wire, {
    page: `http://127.0.0.1:${server.address().port}/`,
    cut,
    async stop() {
      wire.down = true;
      cut();
      server.close();
      await once(server, "close");
    },
  });
}

function start(name, ...flags) {
  // The server refuses unknown variables with its prefix, and a developer's own must not have an effect.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith("TICKWIRE_")));
  const child = spawn(programPath(name), flags, { stdio: ["ignore", "pipe", "pipe"], env });
  const log = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    log.push(line);
    if (log.length > LOG_LINES_MAX) log.shift();
  });
  const gone = new Promise((resolve) => {
    child.once("exit", resolve);
    child.once("error", (error) => {
      log.push(`${name}: ${error.message}`);
      child.emit("exit");
    });
  });
  const stop = async (signal = "SIGTERM") => {
    child.kill(signal);
    await gone;
  };
  return { process: child, log, stop };
}
