// A server and a browser for a file of tests, from before its first test until after its last.

import { after, before } from "node:test";

/** Returns `{ server, browser }`, set when the tests run. `host` and `open` start them. */
export function setStage(host, open) {
  const stage = {};
  before(async () => {
    // In sequence, so that the first is known, and ended, if the second does not start.
    stage.server = await host();
    stage.browser = await open();
  });
  after(async () => {
    try {
      await stage.browser?.close();
    } finally {
      await stage.server?.stop();
    }
  });
  return stage;
}
