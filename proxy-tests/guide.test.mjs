// The lines of docs/going-live.md that make a service, as far as they need no root: the key, the
// configuration, a proxy of those that are there, and the bots. `tickwire-server` and `tickwire-client-bot`
// must be built.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { programPath, startServer } from "../browser-tests/support/processes.mjs";
import { makeCertificate } from "./support/certificate.mjs";
import { PROXIES, startProxy } from "./support/proxies.mjs";

const GUIDE = readFileSync(new URL("../docs/going-live.md", import.meta.url), "utf8");
const SECTION = GUIDE.slice(GUIDE.indexOf("\n## 3. As a service"), GUIDE.indexOf("\n## 4. "));
const { folder } = makeCertificate();
const checkout = mkdtempSync(path.join(folder, "checkout-"));
const proxy = PROXIES.find(({ program, prefix }) => process.env[program] && prefix);
after(() => rmSync(folder, { recursive: true }));

/** The text of the first block in this language that has this part. */
function block(language, part) {
  const blocks = [...SECTION.matchAll(/```(\w+)\n(.*?)```/gs)];
  return blocks.find(([, of, text]) => of === language && text.includes(part))[2];
}

/** The command of the guide that has this part, with whatever follows on further lines. */
function command(part) {
  const lines = block("sh", part).replace(/[|\\]\n/g, (end) => (end === "|\n" ? "| " : " ")).split("\n");
  return lines.find((line) => line.includes(part));
}

/** Runs it in a folder of its own, without root, and returns what it printed. */
async function run(line) {
  const own = line
    .replaceAll("sudo ", "")
    .replace("-o tickwire ", "")
    .replaceAll("/etc/tickwire", folder)
    .replace("target/release/", "");
  const env = { ...process.env, PATH: `${path.dirname(programPath("tickwire-server"))}:${process.env.PATH}` };
  const child = spawn("bash", ["-euo", "pipefail", "-c", own], { cwd: checkout, env, timeout: 60_000 });
  let said = "";
  for (const output of [child.stdout, child.stderr]) output.on("data", (more) => (said += more));
  const [status] = await once(child, "close");
  assert.equal(status, 0, `${own}\n${said}`);
  return said;
}

test("the guide's service plays with tickets behind a proxy", { skip: !proxy && "no proxy" }, async () => {
  await run(command("ticket --new-key"));
  const file = path.join(folder, "server.toml");
  writeFileSync(file, block("toml", "ticket_keys").replaceAll("/etc/tickwire", folder));
  const report = await run(command("--check-config"));
  assert.match(report, /players need a ticket/);
  assert.doesNotMatch(report, /UNSAFE/);
  const server = await startServer("--config", file);
  try {
    const front = await startProxy(proxy, server.page, folder);
    try {
      const bots = command("--url wss://");
      const at = front.origin.replace("https", "wss");
      await run(`${bots.replace("wss://play.example.com", at)} --ca ../cert.pem`);
    } finally {
      await front.stop();
    }
  } finally {
    await server.stop();
  }
});
