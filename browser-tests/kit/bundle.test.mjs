// tickwire.js in an esbuild bundle for a classic script, where a module does not know its address.

import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { build } from "esbuild-wasm";
import { openStage, until } from "../../client-web/tests/joining.mjs";

const WEB = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../pages/web");

let stage;
let bundled;
before(async () => {
  stage = await openStage();
  const { outputFiles } = await build({
    entryPoints: [path.join(WEB, "tickwire.js")],
    bundle: true,
    minify: true,
    format: "iife",
    globalName: "bundled",
    write: false,
    logLevel: "silent",
  });
  bundled = vm.runInThisContext(`${outputFiles[0].text};bundled`);
});
after(() => stage.stop());

test("a bundle without `wasm` gets an error, and keeps the seat that it cannot take yet", async () => {
  const { wasm, ...options } = stage.options();
  const error = await bundled.connect({ ...options, fresh: true }).catch((error) => error);
  assert.ok(error instanceof bundled.TickwireError, `${error}`);
  assert.deepEqual([error.code, error.reason, error.advice], [1011, "no_core", "stop"]);
  assert.match(error.message, /option `wasm`/);

  const seat = {
    url: options.url,
    game: "arena",
    room: "00000001",
    until: Date.now() + 60_000,
    bytes: btoa("seat"),
  };
  const items = new Map([["tickwire.seats", JSON.stringify([seat])]]);
  const keep = {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, value),
    removeItem: (key) => items.delete(key),
  };
  await assert.rejects(() => bundled.resume({ ...options, keep }), /option `wasm`/);
  assert.equal(items.size, 1);
});

test("a bundle with `wasm` plays", async () => {
  const client = await bundled.connect({ ...stage.options(), name: "bundled", fresh: true });
  await until(() => client.entities().some((entity) => entity.own), "the player's ship is there");
  client.close();
});

test("an address that returns a page, as with single-page apps, is reported as not WebAssembly", async () => {
  const error = await bundled
    .connect({ ...stage.options(), wasm: stage.page, fresh: true })
    .catch((error) => error);
  assert.equal(error.reason, "no_core");
  assert.ok(error.message.includes(stage.page) && /option `wasm`/.test(error.message), error.message);
});
