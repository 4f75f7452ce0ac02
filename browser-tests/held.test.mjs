// Held mouse buttons, keys and fingers count exactly until they are released, wherever and in whichever
// order.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DESKTOP, PHONE, enter, openBrowser, visit } from "./support/browser.mjs";
import { startServer } from "./support/processes.mjs";
import { setStage } from "./support/stage.mjs";

const stage = setStage(startServer, openBrowser);
const [LEFT, RIGHT] = [{ button: "left" }, { button: "right" }];

/** A player's page that records the last input as `window.sent`. */
async function visitPlayer(options = DESKTOP, name = "ann") {
  const page = await visit(stage.browser, stage.server.page, options);
  await enter(page, name);
  await page.evaluate(() => {
    const { client } = window.tickwirePage;
    const send = client.input.bind(client);
    client.input = (input) => send((window.sent = { ...input }));
  });
  await page.until(() => window.sent !== undefined);
  await page.mouse.move(300, 300);
  return page;
}

/** The input of a frame that began after all earlier events had arrived. */
async function sent(page) {
  await page.evaluate(
    () =>
      new Promise((resolve) =>
        requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(resolve))),
      ),
  );
  return page.evaluate(() => window.sent);
}
const fires = async (page) => (await sent(page)).fire;
const flies = async (page) => {
  const { move_x, move_y } = await sent(page);
  return [Math.sign(move_x), Math.sign(move_y)];
};

async function leave(page) {
  page.assertClean();
  await page.context().close();
}

test("left, right, left up, right up: firing ends with the left button", async () => {
  const page = await visitPlayer();
  await page.mouse.down(LEFT);
  await page.mouse.down(RIGHT);
  assert.equal(await fires(page), true);
  await page.mouse.up(LEFT);
  assert.equal(await fires(page), false, "the right button alone");
  await page.mouse.up(RIGHT);
  await page.mouse.move(320, 320);
  assert.equal(await fires(page), false);
  await leave(page);
});

test("the left button fires while the right one is held, and again", async () => {
  const page = await visitPlayer();
  await page.mouse.down(RIGHT);
  assert.equal(await fires(page), false);
  for (const time of ["first", "second"]) {
    await page.mouse.down(LEFT);
    assert.equal(await fires(page), true, `${time} time`);
    await page.mouse.up(LEFT);
    assert.equal(await fires(page), false, `${time} time`);
  }
  await page.mouse.up(RIGHT);
  assert.equal(await fires(page), false);
  await leave(page);
});

test("a mouse button released over a button of the page stops firing, and does not click it", async () => {
  const page = await visitPlayer();
  const { x, y } = await page.locator("#btn-net").boundingBox();
  await page.mouse.down();
  await page.mouse.move(x + 9, y + 9, { steps: 4 });
  assert.equal(await fires(page), true, "it is still held");
  await page.mouse.up();
  assert.equal(await fires(page), false);
  await page.mouse.move(300, 300, { steps: 4 });
  assert.equal(await fires(page), false);
  assert.equal(await page.isVisible("#net"), false);
  await leave(page);
});

test("a press that begins on a button of the page does not fire on the field", async () => {
  const page = await visitPlayer();
  const { x, y } = await page.locator("#btn-net").boundingBox();
  await page.mouse.move(x + 9, y + 9);
  await page.mouse.down();
  await page.mouse.move(300, 300, { steps: 4 });
  assert.equal(await fires(page), false);
  await page.mouse.down(RIGHT);
  assert.equal(await fires(page), false, "nor with another mouse button");
  await page.mouse.up(RIGHT);
  await page.mouse.up();
  await leave(page);
});

test("everything held is released when the window loses the focus", async () => {
  const page = await visitPlayer();
  await page.mouse.down();
  await page.keyboard.down("KeyD");
  await page.keyboard.down("Tab");
  assert.deepEqual([await fires(page), await flies(page)], [true, [1, 0]]);
  await page.waitForSelector("#scores", { state: "visible" });
  await page.evaluate(() => window.dispatchEvent(new Event("blur")));
  await page.mouse.move(330, 330);
  assert.deepEqual([await fires(page), await flies(page)], [false, [0, 0]]);
  assert.equal(await page.isVisible("#scores"), false, "the scores were open only while Tab was held");
  await leave(page);
});

test("releasing Tab while Shift is held closes the scores, too", async () => {
  const page = await visitPlayer();
  await page.keyboard.down("Tab");
  await page.waitForSelector("#scores", { state: "visible" });
  await page.keyboard.down("Shift");
  await page.keyboard.up("Tab");
  await page.keyboard.up("Shift");
  await page.waitForSelector("#scores", { state: "hidden" });
  await leave(page);
});

test("keys whose keyup is lost during Meta are released with it", async () => {
  const page = await visitPlayer();
  const key = (type, code, key, metaKey) =>
    page.evaluate(
      ([type, init]) =>
        document.activeElement.dispatchEvent(
          new KeyboardEvent(type, { ...init, bubbles: true, cancelable: true }),
        ),
      [type, { code, key, metaKey }],
    );
  await key("keydown", "KeyD", "d", false);
  assert.deepEqual(await flies(page), [1, 0]);
  await key("keydown", "MetaLeft", "Meta", true);
  // macOS sends no keyup for this one.
  await key("keydown", "KeyS", "s", true);
  await key("keyup", "MetaLeft", "Meta", false);
  assert.deepEqual(await flies(page), [0, 0]);
  await key("keydown", "KeyA", "a", false);
  assert.deepEqual(await flies(page), [-1, 0]);
  await key("keyup", "KeyA", "a", false);
  await leave(page);
});

test("a key held during a click on a button stays held, and its release is noticed there", async () => {
  const page = await visitPlayer();
  await page.keyboard.down("KeyD");
  await page.click("#btn-net");
  assert.deepEqual(await flies(page), [1, 0]);
  await page.focus("#lag-delay");
  await page.keyboard.up("KeyD");
  assert.deepEqual(await flies(page), [0, 0]);
  await leave(page);
});

test("controls held when a dialog opens do not continue in the next room", async () => {
  const page = await visitPlayer(DESKTOP, "rascal");
  await page.mouse.down();
  await page.keyboard.down("KeyD");
  const { sessions } = await (await fetch(`${stage.server.admin}sessions`)).json();
  await fetch(`${stage.server.admin}sessions/${sessions.find(({ player }) => player === "rascal").id}`, {
    method: "DELETE",
  });
  await page.waitForSelector("#closed[open]");
  await page.mouse.up();
  await page.keyboard.up("KeyD");
  await page.click("#closed-act");
  await enter(page, "ann");
  await page.evaluate(() => {
    const { client } = window.tickwirePage;
    client.input = (input) => (window.sent = { ...input });
  });
  assert.deepEqual([await fires(page), await flies(page)], [false, [0, 0]]);
  await page.context().close();
});

test("a touch that the browser cancels is released", async () => {
  const page = await visitPlayer(PHONE);
  const screen = await page.context().newCDPSession(page);
  const touch = (type, ...touchPoints) => screen.send("Input.dispatchTouchEvent", { type, touchPoints });
  const [left, right] = [{ id: 1, x: 90, y: 700 }, { id: 2, x: 300, y: 700 }];
  await touch("touchStart", left, right);
  await touch("touchMove", { ...left, x: 140 }, { ...right, y: 750 });
  assert.deepEqual([await fires(page), await flies(page)], [true, [1, 0]]);
  await touch("touchCancel");
  assert.deepEqual([await fires(page), await flies(page)], [false, [0, 0]]);
  await leave(page);
});
