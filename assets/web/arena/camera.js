// Where the view looks: follows a point with a little lag, or shows the whole map. World units are tiles.

/** Tiles that fit the view's shorter side when following. */
const TILES_ACROSS = 15;
const SCALE_MIN = 22;
const SCALE_MAX = 76;
const FOLLOW_PER_S = 9;
const ZOOM_PER_S = 5;
const SHAKE_S = 0.28;
/** How far beyond the map's border the view may look when following, tiles. */
const BORDER = 1.5;
/** The same below the map, where the health is shown, and where thumbs lie on the screen. */
const BORDER_BELOW = 2.5;
const BORDER_BELOW_THUMBS = 7;
/** What bars take from the height when the whole map is shown, screen points. */
const BARS = 130;

export class Camera {
  x = 0;
  y = 0;
  /** Screen points per tile. */
  scale = 40;
  #placed = false;
  #shake = 0;
  #size = { width: 1, height: 1 };

  /** The next `update` goes there at once. */
  jump() {
    this.#placed = false;
  }

  shake(strength) {
    this.#shake = Math.max(this.#shake, strength);
  }

  /** Moves on by `dt` seconds towards `focus` ({x, y}), or towards the whole of `map` if there is none. */
  update(dt, size, map, focus, thumbs = false) {
    this.#size = size;
    const whole = Math.min(size.width / (map.width || 1), (size.height - BARS) / (map.height || 1));
    const near = Math.min(SCALE_MAX, Math.max(SCALE_MIN, Math.min(size.width, size.height * 1.2) / TILES_ACROSS));
    const scale = focus ? near : whole * 0.96;
    const below = thumbs ? BORDER_BELOW_THUMBS : BORDER_BELOW;
    const target = focus
      ? { x: within(focus.x, size.width / scale, map.width, BORDER), y: within(focus.y, size.height / scale, map.height, below) }
      : { x: map.width / 2, y: map.height / 2 };
    const part = (rate) => (this.#placed ? 1 - Math.exp(-dt * rate) : 1);
    this.scale += (scale - this.scale) * part(ZOOM_PER_S);
    this.x += (target.x - this.x) * part(FOLLOW_PER_S);
    this.y += (target.y - this.y) * part(FOLLOW_PER_S);
    this.#placed = true;
    this.#shake = Math.max(0, this.#shake - dt / SHAKE_S);
  }

  /** Sets a canvas context's transform to the world. */
  apply(context, ratio, now) {
    const bump = this.#shake * this.#shake * 7;
    const x = Math.sin(now * 0.061) * bump;
    const y = Math.cos(now * 0.047) * bump;
    const scale = this.scale * ratio;
    context.setTransform(
      scale, 0, 0, scale,
      (this.#size.width / 2 + x) * ratio - this.x * scale,
      (this.#size.height / 2 + y) * ratio - this.y * scale,
    );
  }

  /** A point of the world on the screen. */
  toScreen(x, y) {
    return {
      x: this.#size.width / 2 + (x - this.x) * this.scale,
      y: this.#size.height / 2 + (y - this.y) * this.scale,
    };
  }

  /** Whether a point is in view, or nearly. */
  sees(x, y, margin = 1.5) {
    return (
      Math.abs(x - this.x) < this.#size.width / 2 / this.scale + margin &&
      Math.abs(y - this.y) < this.#size.height / 2 / this.scale + margin
    );
  }
}

/** Keeps a view of this width around `at` on a map of this length and its borders; in the middle if it is wider. */
function within(at, width, length, after) {
  const [first, last] = [width / 2 - BORDER, length + after - width / 2];
  return first >= last ? (length + after - BORDER) / 2 : Math.min(Math.max(at, first), last);
}
