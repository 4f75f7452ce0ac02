// The score table, and the table at the end of a round.

import { byId, make, markMore, setText, show } from "./dom.js";
import { colourOf } from "./palette.js";

const REDRAW_MS = 250;

export class Scores {
  #panel = byId("scores");
  #body = byId("scores-body");
  #button = byId("btn-scores");
  #drawn_ms = 0;
  #key = "";
  #pick;

  /** `pick(player)` is called when a row is chosen (by a spectator). */
  constructor(pick) {
    this.#pick = pick;
    this.#button.addEventListener("click", () => this.toggle());
    markMore(this.#panel);
  }

  get open() {
    return !this.#panel.hidden;
  }

  toggle(open = !this.open) {
    show(this.#panel, open);
    this.#button.setAttribute("aria-pressed", String(open));
    this.#drawn_ms = 0;
    this.#key = "";
  }

  update(frame, person, now, choosable) {
    if (!this.open || now - this.#drawn_ms < REDRAW_MS) return;
    this.#drawn_ms = now;
    const ships = ranked(frame.ships);
    const key = JSON.stringify([
      choosable,
      ships.map((ship) => [person(ship.player).name, ship.score, ship.deaths, ship.alive]),
    ]);
    if (key === this.#key) return;
    const opened = this.#key === "";
    this.#key = key;
    setText(byId("scores-title"), `${ships.length} ${ships.length === 1 ? "pilot" : "pilots"}`);
    const focused = document.activeElement.dataset.player;
    this.#body.replaceChildren(
      ...ships.map((ship, at) => this.#row(ship, at, person(ship.player), choosable)),
    );
    if (focused) this.#body.querySelector(`[data-player="${focused}"]`)?.focus({ preventScroll: true });
    // Only on opening, so that it does not undo the player's scrolling. In the middle, the mark for more rows
    // below does not cover the row.
    if (opened) this.#body.querySelector(".own")?.scrollIntoView({ block: "center" });
  }

  #row(ship, at, who, choosable) {
    const line = row(at + 1, who, ship.score, ship.deaths);
    if (!ship.alive) line.classList.add("out");
    if (choosable) {
      const pick = () => this.#pick(ship.player);
      line.dataset.player = ship.player;
      Object.assign(line, {
        tabIndex: 0,
        onclick: pick,
        onkeydown: (event) => event.key === "Enter" && pick(),
      });
    }
    return line;
  }
}

/** The end of a round: who won, the table, what comes next. */
export class RoundEnd {
  #panel = byId("round-end");
  #table = [];
  #own = null;

  constructor() {
    markMore(this.#panel);
  }

  hide() {
    show(this.#panel, false);
  }

  /** `winner` is a person or null, `table` a list of `{ who, score, deaths }`. */
  open(number, winner, table) {
    setText(byId("round-eyebrow"), `Round ${number} is over`);
    const title = byId("round-winner");
    setText(title, winner === null ? "No winner" : winner.own ? "You win!" : `${winner.name} wins`);
    title.style.color = winner === null ? "" : colourOf(winner.player, winner.own);
    const rows = table.map(({ who, score, deaths }, at) => row(at + 1, who, score, deaths));
    byId("round-table").replaceChildren(...rows);
    this.#table = table;
    this.#own = null;
    this.next(null);
    show(this.#panel, true);
  }

  /** Adds the row of the player's own ship if the table does not have it. Between rounds no score changes. */
  place(ships, person) {
    if (this.#panel.hidden || this.#own !== null || this.#table.some(({ who }) => who.own)) return;
    const order = ranked(ships);
    const at = order.findIndex((ship) => ship.own);
    if (at < 0) return;
    const { player, score, deaths } = order[at];
    this.#own = row(at + 1, person(player), score, deaths);
    if (at > this.#table.length) this.#own.classList.add("apart");
    byId("round-table").append(this.#own);
  }

  next(seconds) {
    setText(byId("round-next"), seconds === null ? "" : `Next round in ${seconds} s`);
  }
}

/** Ships in the order of a round's table: by score, then by fewer deaths. */
const ranked = (ships) =>
  [...ships].sort(
    (one, other) => other.score - one.score || one.deaths - other.deaths || one.player - other.player,
  );

function row(place, who, score, deaths) {
  const dot = make("span", { className: "dot" });
  dot.style.background = colourOf(who.player, who.own);
  const line = make(
    "tr",
    { className: who.own ? "own" : "" },
    make("td", {}, place),
    make("td", {}, dot, who.name),
  );
  line.append(make("td", {}, score), make("td", {}, deaths));
  return line;
}
