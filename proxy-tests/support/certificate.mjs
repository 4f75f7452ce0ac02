// A folder with a certificate for localhost and its key: cert.pem, key.pem, and both in one file.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** Returns the folder and the certificate, which trusts itself. */
export function makeCertificate() {
  const folder = mkdtempSync(path.join(tmpdir(), "tickwire-proxy-"));
  const [cert, key] = ["cert.pem", "key.pem"].map((name) => path.join(folder, name));
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  const made = spawnSync("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", cert]);
  assert.equal(made.status, 0, String(made.error ?? made.stderr));
  const ca = readFileSync(cert, "utf8");
  writeFileSync(path.join(folder, "both.pem"), ca + readFileSync(key, "utf8"));
  return { folder, ca };
}
