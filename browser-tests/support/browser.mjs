// Headless Chromium, with pages that record their faults.

import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";
import { ARTEFACTS } from "./processes.mjs";

const NAMES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

export const DESKTOP = { viewport: { width: 1280, height: 760 } };
export const LAPTOP = { viewport: { width: 1280, height: 800 } };
export const PHONE = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
};
export const SIDEWAYS = { ...PHONE, viewport: { width: 844, height: 390 } };

/** Starts Chromium with a temporary profile. `CHROMIUM` names another program. */
export function openBrowser() {
  const executablePath = process.env.CHROMIUM ?? NAMES.find((name) => existsSync(name));
  return chromium.launch({ executablePath, args: FLAGS });
}

/**
 * Opens an address as a new visitor. Records errors, content policy violations and requests to other hosts.
 */
export async function visit(browser, address, options = DESKTOP) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      faults.push(`${message.type()}: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => faults.push(`exception: ${error.message}`));
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol !== "data:" && host !== new URL(address).host) faults.push(`request to ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  await page.goto(address);
  return Object.assign(page, {
    faults,
    /** Waits until a function in the page, called with `argument`, returns something true. */
    until: (condition, argument) => page.waitForFunction(condition, argument, { polling: "raf" }),
    assertClean() {
      assert.deepEqual(faults, []);
    },
  });
}

/** Joins under a name by clicking, and waits until frames are drawn. */
export async function enter(page, name, button = "#play") {
  await page.fill("#name", name);
  await page.click(button);
  await page.waitForFunction(
    () => window.tickwirePage.drawn.frames > 5 && document.body.dataset.screen === "play",
  );
}

/** What was drawn last. */
export const drawn = (page) => page.evaluate(() => window.tickwirePage.drawn);

/** Saves a screenshot for people to look at. */
export async function keep(page, name) {
  mkdirSync(ARTEFACTS, { recursive: true });
  await page.screenshot({ path: path.join(ARTEFACTS, `${name}.png`) });
}
