// What every file of tests needs: a server and a browser, from before its first test until after its last.

import { after, before } from "node:test";

/** Gives `{ server, browser }`, which are there once the tests run. `host` and `open` start them. */
export function setStage(host, open) {
  const stage = {};
  before(async () => {
    [stage.server, stage.browser] = await Promise.all([host(), open()]);
  });
  after(async () => {
    await stage.browser?.close();
    await stage.server?.stop();
  });
  return stage;
}
