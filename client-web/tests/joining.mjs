// A server and its clients, for tests of tickwire.js. The example `02-tag` must be built.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "../../pages/web/tickwire.js";
import { startOwnGame } from "../../browser-tests/support/processes.mjs";
import { Socket } from "./socket.mjs";

const WAIT_MS = 10_000;
const core = (name) =>
  new WebAssembly.Module(readFileSync(new URL(`../../pages/built/${name}.wasm`, import.meta.url)));

export const CORES = { arena: core("arena"), tickwire: core("tickwire") };
export const transport = (address, protocol) => new Socket(address, protocol);

/** Waits for a condition, never for a fixed time. */
export async function until(holds, what) {
  const started = performance.now();
  while (!(await holds())) {
    assert.ok(performance.now() - started < WAIT_MS, `not within ${WAIT_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A server: `options(core)` returns options for `connect`, `join` connects, and `stop` ends everything. */
export async function openStage(...flags) {
  const server = await startOwnGame(...flags);
  const clients = [];
  const options = (wasm = "arena") => ({ url: server.play, wasm: CORES[wasm], keep: false, transport });
  const join = async (name, wanted = {}, wasm = "arena") => {
    const client = await connect({ ...options(wasm), name, ...wanted });
    clients.push(client);
    return client;
  };
  const stop = () => {
    clients.forEach((client) => client.close());
    return server.stop();
  };
  return { ...server, options, join, stop };
}
