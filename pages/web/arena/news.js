// The kill feed: from events for kills that involve this player, else from the ships' fields.

import { byId, make } from "./dom.js";
import { colourOf } from "./palette.js";

const LINES_MAX = 5;
const SHOWN_MS = 6000;
const FADE_MS = 600;

export class Feed {
  #list = byId("feed");

  clear() {
    this.#list.replaceChildren();
  }

  /** Adds a line of parts: texts, and players as `{ player, name, own }`. */
  say(parts, mine = false) {
    const line = make("li", { className: mine ? "mine" : "" });
    for (const part of parts) {
      line.append(typeof part === "string" ? make("i", {}, part) : playerElement(part));
    }
    this.#list.append(line);
    while (this.#list.childElementCount > LINES_MAX) this.#list.firstElementChild.remove();
    setTimeout(() => line.classList.add("old"), SHOWN_MS);
    setTimeout(() => line.remove(), SHOWN_MS + FADE_MS);
  }

  /**
   * Adds the kills that show in the ships of one frame: who scored and who was destroyed, if that is
   * unambiguous.
   */
  tell(news, person) {
    const destroyed = news.filter((item) => item.type === "destroyed").map((item) => item.ship);
    const scored = news.filter((item) => item.type === "scored").map((item) => item.ship);
    for (const ship of destroyed) {
      const by = destroyed.length === 1 && scored.length === 1 ? scored[0] : null;
      const mine = ship.own || (by?.own ?? false);
      if (by) this.say([person(by.player), "destroyed", person(ship.player)], mine);
      else this.say([person(ship.player), "was destroyed"], mine);
    }
  }
}

function playerElement({ player, name, own }) {
  const element = make("b", {}, name);
  element.style.color = colourOf(player, own);
  return element;
}
