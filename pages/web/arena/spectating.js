// What a spectator watches: one player after another, or the whole map.

export class Spectating {
  #player = null;
  /** The followed ship as last seen. */
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

  /** Follows the next player, or with -1 the previous one. */
  step(by) {
    if (this.#players.length === 0) return;
    const at = this.#players.indexOf(this.#player);
    const from = at < 0 && by < 0 ? 0 : at;
    this.follow(this.#players[(from + by + this.#players.length) % this.#players.length]);
  }

  /**
   * What the camera should look at in a frame with these ships; null for the whole map. A player on the
   * `roster` without a ship (after a cut there are none for some frames) stays followed, at its last known
   * position.
   */
  focus(ships, roster) {
    this.#players = ships.map((ship) => ship.player).sort((one, other) => one - other);
    const ship = ships.find((other) => other.player === this.#player);
    if (ship) this.#seen = ship;
    else if (!roster.some((entry) => entry.player === this.#player)) this.#release();
    return this.#whole ? null : this.#seen;
  }

  /** The name to show, and whether the whole map is shown. */
  shown(nameOf) {
    return [this.#whole ? "Watching everyone" : nameOf(this.#player), this.#whole];
  }

  #release() {
    this.#player = null;
    this.#seen = null;
    this.#whole = true;
  }
}
