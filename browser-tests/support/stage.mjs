// What every file of tests needs: a server and a browser, from before its first test until after its last.

import { after, before } from "node:test";

/** Gives `{ server, browser }`, which are there once the tests run. `host` and `open` start them. */
export function setStage(host, open) {
  const stage = {};
  before(async () => {
    // One after the other: what has started is known, and ended, if the next one does not start.
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
