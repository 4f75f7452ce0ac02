// Takes the screenshots in docs/images again: two tabs in one room, with 30 bots.
//
//   cargo build --release -p tickwire-server -p tickwire-client-bot && node browser-tests/screenshots.mjs

import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
process.env.BROWSER_TESTS_BIN_DIR ??= path.join(ROOT, "target/release");
const { PHONE, enter, openBrowser, visit } = await import("./support/browser.mjs");
const { fireUntil, roomOf } = await import("./support/playing.mjs");
const { startBots, startServer } = await import("./support/processes.mjs");

const SIZE = { viewport: { width: 1120, height: 640 } };
const screenshot = (page, name) => page.screenshot({ path: path.join(ROOT, "docs/images", `${name}.png`) });

const server = await startServer();
const browser = await openBrowser();
const one = await visit(browser, server.page, SIZE);
await enter(one, "Ada");
const room = await roomOf(one);
const bots = startBots(server.play, 30, "--behaviour", "hunt", "--room", room);
/** Some ships in view, including the player's own, outside of the panels. */
const aFight = () => {
  const ships = window.tickwirePage.ships().filter(({ x, y }) => x > 0 && x < 720 && y > 70 && y < 580);
  return window.tickwirePage.drawn.shots > 2 && ships.length > 3 && ships.some((ship) => ship.own);
};
try {
  await one.until(() => window.tickwirePage.drawn.ships >= 31);
  await one.keyboard.press("F3");
  // In the first seconds the statistics still include the loading of the page.
  await one.waitForTimeout(15_000);
  await alive([one], () => screenshot(one, "arena"));
  await one.keyboard.press("F3");

  const other = await visit(browser, `${server.page}#room=${room}`, SIZE);
  await enter(other, "Grace");
  await alive([one, other], async () => sideBySide([await one.screenshot(), await other.screenshot()]));
  await other.context().close();

  const watcher = await visit(browser, `${server.page}#room=${room}&watch`, SIZE);
  await watcher.until(() => window.tickwirePage.drawn.ships > 0);
  await watcher.waitForTimeout(2500);
  await screenshot(watcher, "spectator");

  const phone = await visit(browser, `${server.page}#room=${room}`, { ...PHONE, deviceScaleFactor: 1 });
  await enter(phone, "Thumbs");
  await phone.until(() => window.tickwirePage.drawn.own?.alive);
  await phone.touchscreen.tap(90, 700);
  await phone.waitForTimeout(300);
  await screenshot(phone, "phone");

  const lobby = await visit(browser, server.page, SIZE);
  await lobby.fill("#name", "Ada");
  await lobby.waitForSelector("#rooms [data-room]");
  await screenshot(lobby, "lobby");
} finally {
  await bots.stop();
  await browser.close();
  await server.stop();
}

/** Takes a screenshot of a fight; repeats it if one of the players was destroyed meanwhile. */
async function alive(pages, take) {
  const lives = (page) => page.evaluate(() => Boolean(window.tickwirePage.drawn.own?.alive));
  for (let tries = 0; tries < 20; tries++) {
    for (const page of pages) await page.until(() => window.tickwirePage.drawn.own?.alive);
    await fireUntil(pages.at(-1), aFight, "fight");
    await take();
    if ((await Promise.all(pages.map(lives))).every(Boolean)) return;
  }
}

/** Two screenshots at half size, side by side. */
async function sideBySide(screenshots) {
  const page = await browser.newPage({ viewport: { width: 1120, height: 324 } });
  const images = screenshots.map(
    (bytes) => `<img width="556" src="data:image/png;base64,${bytes.toString("base64")}">`,
  );
  const style = "margin:0;background:#fff;display:flex;gap:8px;height:318px;align-items:flex-start";
  await page.setContent(`<body style="${style}">${images.join("")}`);
  await screenshot(page, "two-tabs");
}
