// A folder with a certificate for localhost and its key: cert.pem, key.pem, and both in one file.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** One that is not an authority: some clients take no authority for a server. */
const CONFIG = `[req]
prompt = no
distinguished_name = name
x509_extensions = more
[name]
CN = localhost
[more]
basicConstraints = CA:FALSE
subjectAltName = DNS:localhost, IP:127.0.0.1
`;

/** Returns the folder and the certificate, which trusts itself. */
export function makeCertificate() {
  const folder = mkdtempSync(path.join(tmpdir(), "tickwire-proxy-"));
  const [cert, key] = ["cert.pem", "key.pem"].map((name) => path.join(folder, name));
  const config = path.join(folder, "openssl.cnf");
  writeFileSync(config, CONFIG);
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  const files = ["-config", config, "-keyout", key, "-out", cert];
  const made = spawnSync("openssl", ["req", "-x509", ...kind, ...files]);
  assert.equal(made.status, 0, String(made.error ?? made.stderr));
  const ca = readFileSync(cert, "utf8");
  writeFileSync(path.join(folder, "both.pem"), ca + readFileSync(key, "utf8"));
  return { folder, ca };
}
