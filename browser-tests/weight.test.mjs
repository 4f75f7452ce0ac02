// The bytes that a visitor loads before the first frame, as transferred.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, openBrowser, visit } from "./support/browser.mjs";
import { startServer } from "./support/processes.mjs";
import { setStage } from "./support/stage.mjs";

const BYTES_MAX = 210 * 1024;

const stage = setStage(startServer, openBrowser);

test("the page weighs at most 210 KiB, WebAssembly included", async (context) => {
  const page = await visit(stage.browser, stage.server.page);
  await enter(page, "ann");
  const loaded = await page.evaluate(() =>
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
      .filter((entry) => !entry.name.includes("/api/"))
      .map((entry) => [entry.name, entry.encodedBodySize]),
  );
  const bytes = loaded.reduce((sum, [, size]) => sum + size, 0);
  context.diagnostic(`${loaded.length} files, ${(bytes / 1024).toFixed(1)} KiB`);
  assert.ok(loaded.some(([name]) => name.endsWith(".wasm")), "no WebAssembly was loaded");
  assert.ok(bytes <= BYTES_MAX, `${bytes} bytes: ${JSON.stringify(loaded)}`);
  await page.context().close();
});
