// A game's own repository builds its core with one command: two crates outside of this workspace, with the
// game of examples/02-tag.rs, offline. Skipped where there is no compiler for WebAssembly.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { Core } from "../../pages/web/core.js";
import { NO_COMPILER, cargo, emptyFolder, lock, root } from "./scratch.mjs";

const folder = emptyFolder("own-core");

const package_of = (name, more) => `[package]
name = "${name}"
version = "0.1.0"
edition = "2024"
publish = false
${more}`;

const files = {
  "Cargo.toml": '[workspace]\nresolver = "3"\nmembers = ["tag", "tag-web"]\n',
  "tag/Cargo.toml": package_of("tag", `
[dependencies]
serde = { version = "1", features = ["derive"] }
tickwire-shared = { path = "${root}/shared" }
`),
  "tag/src/lib.rs": game(),
  "tag-web/Cargo.toml": package_of("tag-web", `
[lib]
crate-type = ["cdylib"]

[dependencies]
tag = { path = "../tag" }
tickwire-client-web = { path = "${root}/client-web" }

[lints.rust]
unsafe_code = "forbid"
`),
  "tag-web/src/lib.rs": "tickwire_client_web::export_client!(tag::Tag);\n",
  "tag-web/src/main.rs": `use std::process::ExitCode;
use tickwire_client_web::build::{self, Core};

fn main() -> ExitCode {
    build::main(&[Core::new("tag", env!("CARGO_MANIFEST_DIR"))])
}
`,
};

/** The example without its program. */
function game() {
  const source = readFileSync(join(root, "examples/02-tag.rs"), "utf8");
  const start = source.indexOf("/// A player on the field");
  assert.ok(start > 0, "the first type of the example");
  const uses = source.slice(0, start).split("\n").filter((line) => line.startsWith("use "));
  const shared = uses.filter((line) => !/tickwire_(server|arena)|std::process/.test(line));
  return `${shared.join("\n")}\n\n${source.slice(start)}`;
}

const build = (...more) => cargo(folder, "run", "--quiet", "-p", "tag-web", "--", ...more);

test("a game's own repository builds its core by one command, and the core starts a session", async (t) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  lock(folder);
  const { status, told } = build();
  if (status === NO_COMPILER) return t.skip(told.trim());
  assert.equal(status, 0, told);

  const wasm = readFileSync(join(folder, "assets/web/tag.wasm"));
  const core = await Core.create(wasm);
  const any_game = await Core.create(readFileSync(join(root, "pages/built/tickwire.wasm")));
  assert.deepEqual([core.builtIn, any_game.builtIn], [true, false]);
  for (const each of [core, any_game]) assert.ok(each.start("ada", "tag", false, { match: [] }));
  const hello = core.transmit();
  assert.ok(hello !== null && hello.length > 0);
  assert.deepEqual(hello, any_game.transmit(), "both say the same Hello");
  assert.equal(core.transmit(), null, "nothing follows it before the server answers");

  for (const path of [folder, root, homedir()]) assert.ok(!wasm.includes(path), `the core names ${path}`);

  const checked = build("--check");
  assert.equal(checked.status, 0, checked.told);
  writeFileSync(join(folder, "tag/src/lib.rs"), `${files["tag/src/lib.rs"]}\n// changed\n`);
  const stale = build("--check");
  assert.equal(stale.status, 1, stale.told);
  assert.match(stale.told, /tag\.wasm was not built from these sources/);
});
