// A client with a small byte budget learns how many streams wait. The example `02-tag` must be built.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { openStage, until } from "./joining.mjs";

for (const [client_bytes_per_s, waits] of [[100, true], [0, false]]) {
  test(`${waits ? "streams" : "no streams"} wait with ${client_bytes_per_s} bytes per second`, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "tickwire-"));
    const config = path.join(folder, "server.toml");
    writeFileSync(config, `[games.arena]\nclient_bytes_per_s = ${client_bytes_per_s}\n`);
    const stage = await openStage("--config", config);
    try {
      const [ann] = [await stage.join("ann"), await stage.join("bob")];
      const waited = new Set();
      let angle = 0;
      await until(() => {
        angle += 0.3;
        ann.input({ aim: angle, fire: true });
        waited.add(ann.stats().streams_waiting > 0);
        return waited.has(true) || ann.stats().messages_in > 150;
      }, "streams wait, or many messages arrive");
      assert.equal(waited.has(true), waits);
    } finally {
      await stage.stop();
      rmSync(folder, { recursive: true });
    }
  });
}
