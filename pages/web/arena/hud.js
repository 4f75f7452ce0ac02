// The overlay of the arena: clock, health, notices, spectating bar. Elements are only changed when needed.

import { byId, setText, show } from "./dom.js";

const HEARTS = 5;
const LATE_S = 10;

export class Hud {
  #health = byId("health");
  #hearts = [...byId("health").querySelectorAll("i")];
  #hp = -1;
  #noticeKey = "";
  #noticeUntil = 0;

  /** A room was entered. */
  open(client, map) {
    this.#hp = -1;
    this.notice("");
    setText(byId("room-name"), map === "" ? "Arena" : map[0].toUpperCase() + map.slice(1));
    show(byId("vitals"), client.player !== null);
    show(byId("spectate"), client.player === null);
    show(byId("hud"), true);
  }

  close() {
    show(byId("hud"), false);
  }

  people(players) {
    setText(byId("room-people"), players === 1 ? "1 player" : `${players} players`);
  }

  round(round, settings) {
    const clock = byId("clock");
    const left = round?.seconds_left ?? 0;
    setText(
      byId("clock-time"),
      round ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : "–:––",
    );
    const limit = settings?.score_limit ? ` · first to ${settings.score_limit}` : "";
    setText(byId("clock-text"), !round ? "" : round.playing ? `Round ${round.number}${limit}` : "Break");
    clock.classList.toggle("late", Boolean(round?.playing && left <= LATE_S));
  }

  ship(own) {
    const hp = own?.alive ? own.hp : 0;
    show(byId("weapon"), Boolean(own?.alive && own.rapid));
    if (hp === this.#hp) return;
    this.#hp = hp;
    const each = 100 / HEARTS;
    this.#hearts.forEach((heart, at) => {
      heart.style.setProperty("--fill", String(Math.min(1, Math.max(0, (hp - at * each) / each))));
    });
    this.#health.classList.toggle("low", hp <= 30);
    this.#health.classList.toggle("mid", hp > 30 && hp <= 60);
    this.#health.setAttribute("aria-valuenow", String(hp));
    setText(byId("health-text"), String(hp));
  }

  /** Shows a large text in the middle for a while, with a line below; an empty text removes it. */
  notice(text, below = "", until_ms = Infinity) {
    const key = `${text}\n${below}`;
    this.#noticeUntil = until_ms;
    if (key === this.#noticeKey) return;
    this.#noticeKey = key;
    const box = byId("notice");
    box.replaceChildren();
    if (text === "") return;
    const inner = document.createElement("span");
    inner.append(text);
    if (below !== "") {
      const small = document.createElement("small");
      small.append(below);
      inner.append(small);
    }
    box.append(inner);
  }

  /** Removes a notice whose time is over. */
  tidy(now) {
    if (now >= this.#noticeUntil) this.notice("");
  }

  spectated(name, whole) {
    setText(byId("spec-name"), name);
    byId("spec-map").setAttribute("aria-pressed", String(whole));
  }
}
