// Whom a spectator looks at: one player after the other, or the whole map.

export class Spectating {
  #player = null;
  #whole = true;
  #active = false;
  #players = [];

  start(active) {
    this.#active = active;
    this.#player = null;
    this.#whole = true;
  }

  get active() {
    return this.#active;
  }

  /** Whether the whole map is shown. */
  get whole() {
    return this.#active && this.#whole;
  }

  follow(player) {
    this.#player = player;
    this.#whole = false;
  }

  wholeMap(whole = !this.#whole) {
    this.#whole = whole;
    if (!whole && this.#player === null) this.step(1);
  }

  /** To the next player, or with -1 to the one before. */
  step(by) {
    if (this.#players.length === 0) return;
    const at = this.#players.indexOf(this.#player);
    const from = at < 0 && by < 0 ? 0 : at;
    this.follow(this.#players[(from + by + this.#players.length) % this.#players.length]);
  }

  /** What the view should look at in a frame with these ships; null for the whole map. */
  focus(ships) {
    this.#players = ships.map((ship) => ship.player).sort((one, other) => one - other);
    if (this.#whole) return null;
    const ship = ships.find((other) => other.player === this.#player);
    if (ship) return ship;
    this.#player = null;
    this.#whole = true;
    return null;
  }

  /** The name to show and whether it is the whole map. */
  shown(nameOf) {
    return [this.#whole ? "Watching everyone" : nameOf(this.#player), this.#whole];
  }
}
