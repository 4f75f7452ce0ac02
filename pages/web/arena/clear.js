// The screen area that the interface leaves free: how much it covers at each side, so that the view keeps the
// player's own ship clear of it, and which parts fade because the ship is below them anyway.

import { touches } from "./camera.js";
import { byId } from "./dom.js";

const LOOK_MS = 100;
/** The margin around a virtual stick, screen points. */
const STICK_MARGIN = 10;

export class Clear {
  /** How much the interface covers at each side, screen points. */
  insets = { left: 0, top: 0, right: 0, bottom: 0 };
  /** Permanent parts: the view avoids them. The largest come first. */
  #lasting = ["#spectate", "#net", "#vitals", ".buttons", ".chip", ".clock"].map((part) =>
    document.querySelector(part),
  );
  /** Temporary parts. */
  #passing = ["feed", "alone", "notice", "toasts"].map(byId);
  #looked_ms = -Infinity;

  /**
   * Measures the interface on a screen of this size, with the player's own ship (`{ x, y, radius }`, or null)
   * and the sticks on it.
   */
  look(size, ship, sticks, now) {
    if (now - this.#looked_ms < LOOK_MS) return;
    this.#looked_ms = now;
    const places = this.#lasting.map((element) => element.getBoundingClientRect());
    for (const { x, y, radius } of sticks) {
      const reach = radius + STICK_MARGIN;
      places.push({
        left: x - reach,
        right: x + reach,
        top: y - reach,
        bottom: y + reach,
        width: reach,
        height: reach,
      });
    }
    this.insets = insetsOf(places.filter((place) => place.width > 0 && place.height > 0), size);
    for (const element of this.#passing) {
      element.classList.toggle("aside", ship !== null && touches(element.getBoundingClientRect(), ship));
    }
  }
}

/** Assigns each box to the side at which it adds the least to the covered part of the screen. */
function insetsOf(places, { width, height }) {
  const insets = { left: 0, top: 0, right: 0, bottom: 0 };
  for (const { left, top, right, bottom } of places) {
    const isBeside = right <= insets.left || left >= width - insets.right;
    if (isBeside || bottom <= insets.top || top >= height - insets.bottom) continue;
    const ways = [
      ["left", right, width], ["right", width - left, width],
      ["top", bottom, height], ["bottom", height - top, height],
    ];
    const more = ([side, taken, all]) => (taken - insets[side]) / all;
    const [side, taken] = ways.reduce((best, way) => (more(way) < more(best) ? way : best));
    insets[side] = Math.max(insets[side], taken);
  }
  return insets;
}
