// Whom a spectator looks at: one player after the other, or the whole map.

export class Spectating {
  #player = null;
  /** The followed ship as it was seen last. */
  #seen = null;
  #whole = true;
  #active = false;
  #players = [];

  start(active) {
    this.#active = active;
    this.#players = [];
    this.#release();
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
    this.#seen = null;
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

  /**
   * What the view should look at in a frame with these ships; null for the whole map. Who is on the `roster` but out of
   * sight (after a cut no ship is there for some frames) stays followed, at the place seen last.
   */
  focus(ships, roster) {
    this.#players = ships.map((ship) => ship.player).sort((one, other) => one - other);
    const ship = ships.find((other) => other.player === this.#player);
    if (ship) this.#seen = ship;
    else if (!roster.some((entry) => entry.player === this.#player)) this.#release();
    return this.#whole ? null : this.#seen;
  }

  /** The name to show and whether it is the whole map. */
  shown(nameOf) {
    return [this.#whole ? "Watching everyone" : nameOf(this.#player), this.#whole];
  }

  #release() {
    this.#player = null;
    this.#seen = null;
    this.#whole = true;
  }
}
