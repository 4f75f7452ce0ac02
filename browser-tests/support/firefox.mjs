// Headless Firefox, through puppeteer-core, because Playwright supports only its own patched Firefox.

import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import puppeteer from "puppeteer-core";
import { ARTEFACTS } from "./processes.mjs";

const NAMES = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];
const WAIT_MS = 30_000;
const LOOK_MS = 30;
/** Only the page may be loaded: no updates, lists, experiments or captive portal probes. */
const QUIET = {
  "app.normandy.enabled": false,
  "app.update.disabledForTesting": true,
  "browser.newtabpage.activity-stream.feeds.system.topstories": false,
  "browser.region.update.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.search.update": false,
  "datareporting.healthreport.uploadEnabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.blocklist.enabled": false,
  "extensions.update.enabled": false,
  "media.gmp-manager.updateEnabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,nothing",
  "toolkit.telemetry.enabled": false,
};

/** Starts Firefox with a temporary profile. `FIREFOX` names another program. */
export function openFirefox() {
  const executablePath = process.env.FIREFOX ?? NAMES.find((name) => existsSync(name));
  // A page has the window's size: Firefox in stable distributions has no command to change it.
  return puppeteer.launch({
    browser: "firefox",
    executablePath,
    headless: true,
    extraPrefsFirefox: QUIET,
    defaultViewport: null,
  });
}

/**
 * Opens an address as a new visitor. Records errors, content policy violations and requests to other hosts.
 */
export async function visit(browser, address) {
  const context = await browser.createBrowserContext();
  // A separate window, because background tabs are not drawn.
  const page = await context.newPage({ type: "window" });
  const faults = [];
  page.on("console", (message) => {
    if (["error", "warn", "warning"].includes(message.type())) {
      faults.push(`${message.type()}: ${message.text()}`);
    }
  });
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol !== "data:" && host !== new URL(address).host) faults.push(`request to ${request.url()}`);
  });
  // Not "pageerror": that also reports errors in the driver's own scripts.
  await page.evaluateOnNewDocument(() => {
    window.addEventListener("error", ({ message, filename, lineno }) =>
      console.error(`exception: ${message} (${filename}:${lineno})`),
    );
    window.addEventListener("unhandledrejection", ({ reason }) => console.error(`exception: ${reason}`));
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  await page.goto(address);
  return Object.assign(page, {
    faults,
    until: (condition, argument) => until(page, condition, argument),
    leave: () => context.close(),
    assertClean() {
      assert.deepEqual(faults, []);
    },
  });
}

/**
 * Waits until a function in the page returns something true. Puppeteer's own functions for this need `eval`,
 * which the page's content policy forbids.
 */
async function until(page, condition, argument) {
  const end_ms = performance.now() + WAIT_MS;
  while (!(await page.evaluate(condition, argument))) {
    assert.ok(performance.now() < end_ms, `not within ${WAIT_MS} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Joins under a name by clicking, and waits until frames are drawn. */
export async function enter(page, name, button = "#play") {
  await page.$eval("#name", (field) => field.select());
  await page.keyboard.type(name);
  await page.click(button);
  await page.until(() => window.tickwirePage.drawn.frames > 5 && document.body.dataset.screen === "play");
}

/** Saves a screenshot for people to look at. */
export async function keep(page, name) {
  mkdirSync(ARTEFACTS, { recursive: true });
  await page.screenshot({ path: path.join(ARTEFACTS, `firefox-${name}.png`) });
}
