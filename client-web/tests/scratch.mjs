// A repository outside of this one, for tests that build a game of a host. It is built offline, and what this
// workspace built is used.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The exit status of a command that finds no compiler for WebAssembly. */
export const NO_COMPILER = 3;

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");

/** A new folder for a repository. Always the same one for a name, so that cargo builds what has changed. */
export function emptyFolder(name) {
  const checkout = createHash("sha256").update(root).digest("hex").slice(0, 8);
  const folder = join(tmpdir(), `tickwire-${name}-${checkout}`);
  rmSync(folder, { recursive: true, force: true });
  return folder;
}

/** Makes cargo use the versions of this workspace. */
export function lock(folder) {
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(root, "Cargo.lock"), join(folder, "Cargo.lock"));
}

/** The profile of this workspace. */
const as_here = [
  ["debug", "false"],
  ["package.tickwire-shared.opt-level", "1"],
  ["package.bincode.opt-level", "2"],
].flatMap(([key, value]) => ["--config", `profile.dev.${key}=${value}`]);

/** Runs cargo in a repository. Returns its status, and what it told on standard error. */
export function cargo(folder, ...args) {
  const ended = spawnSync("cargo", [...as_here, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: {
      ...process.env,
      CARGO_NET_OFFLINE: "true",
      CARGO_TARGET_DIR: target,
      TICKWIRE_WASM_TOOLCHAIN: process.env.TICKWIRE_WASM_TOOLCHAIN ?? join(root, "target/wasm-toolchain"),
    },
  });
  return { status: ended.status, told: ended.stderr };
}
