// What the interface leaves free of the screen: how much it takes at each side, so that the view keeps the own ship
// clear of it, and what fades because the ship is below it all the same.

import { touches } from "./camera.js";
import { byId } from "./dom.js";

const LOOK_MS = 100;
/** Around a virtual stick, screen points. */
const STICK_MARGIN = 10;

export class Clear {
  /** What the interface takes at each side, screen points. */
  insets = { left: 0, top: 0, right: 0, bottom: 0 };
  /** What keeps its place: the view goes around it. What takes most comes first. */
  #lasting = ["#spectate", "#net", "#vitals", ".buttons", ".chip", ".clock"].map((part) =>
    document.querySelector(part),
  );
  /** What comes and goes. */
  #passing = ["feed", "alone", "notice", "toasts"].map(byId);
  #looked_ms = -Infinity;

  /**
   * Looks at the interface on a screen of this size, with the own ship (`{ x, y, radius }`, or null) and the sticks on
   * it.
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

/** Each place is left to the side at which that takes the least more of the screen. */
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
