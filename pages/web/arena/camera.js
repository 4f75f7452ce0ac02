// The camera: follows a point with a little lag, or shows the whole map. World units are tiles.

/** Tiles that fit into the view's shorter side when following. */
const TILES_ACROSS = 15;
const SCALE_MIN = 22;
const SCALE_MAX = 76;
const FOLLOW_PER_S = 9;
const ZOOM_PER_S = 5;
const SHAKE_S = 0.28;
/** How far beyond the map's border the view may at least look when following, tiles. */
const BORDER = 1.5;
/** From this distance on, a calm view jumps instead of gliding, tiles. */
const FAR = 4;
/** The whole map is turned on its side if that shows it larger by this factor: on a phone held upright. */
const TURNED_FROM = 1.25;

export class Camera {
  x = 0;
  y = 0;
  /** Screen points per tile. */
  scale = 40;
  /** Whether the map lies on its side: its x goes down the screen. */
  turned = false;
  /** Reduced motion: the view jumps over large distances. */
  calm = false;
  #placed = false;
  #shake = 0;
  #size = { width: 1, height: 1 };

  /** The next `update` jumps to its target. */
  jump() {
    this.#placed = false;
  }

  shake(strength) {
    this.#shake = Math.max(this.#shake, strength);
  }

  /**
   * Moves for `dt` seconds towards `focus` ({x, y}), or towards a view of all of `map` if there is none.
   * `insets`: how much the interface covers at each side of the screen.
   */
  update(dt, size, map, focus, insets) {
    this.#size = size;
    const aim = focus ? near(size, map, focus, insets) : whole(size, map, insets);
    const isFar = Math.hypot(aim.x - this.x, aim.y - this.y) > FAR;
    if (aim.turned !== this.turned || (this.calm && (isFar || aim.scale !== this.scale))) this.jump();
    this.turned = aim.turned;
    const part = (rate) => (this.#placed ? 1 - Math.exp(-dt * rate) : 1);
    this.scale += (aim.scale - this.scale) * part(ZOOM_PER_S);
    this.x += (aim.x - this.x) * part(FOLLOW_PER_S);
    this.y += (aim.y - this.y) * part(FOLLOW_PER_S);
    this.#placed = true;
    this.#shake = Math.max(0, this.#shake - dt / SHAKE_S);
  }

  /** Sets a canvas context's transform to the world. */
  apply(context, ratio, now) {
    const bump = this.#shake * this.#shake * 7;
    const x = Math.sin(now * 0.061) * bump;
    const y = Math.cos(now * 0.047) * bump;
    const scale = this.scale * ratio;
    const [left, top] = [(this.#size.width / 2 + x) * ratio, (this.#size.height / 2 + y) * ratio];
    if (this.turned) context.setTransform(0, scale, -scale, 0, left + this.y * scale, top - this.x * scale);
    else context.setTransform(scale, 0, 0, scale, left - this.x * scale, top - this.y * scale);
  }

  /** A point of the world on the screen. */
  toScreen(x, y) {
    const [right, down] = this.turned ? [this.y - y, x - this.x] : [x - this.x, y - this.y];
    return { x: this.#size.width / 2 + right * this.scale, y: this.#size.height / 2 + down * this.scale };
  }

  /** Whether a point is in view, or nearly. */
  sees(x, y, margin = 1.5) {
    const { width, height } = this.#size;
    const at = this.toScreen(x, y);
    const reach = margin * this.scale;
    return at.x > -reach && at.x < width + reach && at.y > -reach && at.y < height + reach;
  }
}

/** A view that follows `focus`. */
function near({ width, height }, map, focus, { left, right, top, bottom }) {
  const scale = Math.min(SCALE_MAX, Math.max(SCALE_MIN, Math.min(width, height * 1.2) / TILES_ACROSS));
  return {
    scale,
    x: within(focus.x, width / scale, map.width, left / scale, right / scale),
    y: within(focus.y, height / scale, map.height, top / scale, bottom / scale),
    turned: false,
  };
}

/** A view of the whole map, centred in the area that the interface leaves free. */
function whole({ width, height }, map, { left, right, top, bottom }) {
  const [free_width, free_height] = [width - left - right, height - top - bottom];
  const [across, down] = [map.width || 1, map.height || 1];
  const upright = Math.min(free_width / across, free_height / down);
  const lying = Math.min(free_width / down, free_height / across);
  const turned = lying > upright * TURNED_FROM;
  const scale = (turned ? lying : upright) * 0.97;
  const [off_x, off_y] = [(left - right) / 2 / scale, (top - bottom) / 2 / scale];
  const [x, y] = turned ? [-off_y, off_x] : [-off_x, -off_y];
  return { scale, x: map.width / 2 + x, y: map.height / 2 + y, turned };
}

/**
 * Keeps a view of this width around `at` inside a map of this length, with a border before and after it. A
 * wider view is centred.
 */
function within(at, width, length, before, after) {
  const first = width / 2 - Math.max(before, BORDER);
  const last = length + Math.max(after, BORDER) - width / 2;
  return first >= last ? (first + last) / 2 : Math.min(Math.max(at, first), last);
}

/** Whether a box on the screen overlaps a circle. */
export function touches({ left, top, right, bottom }, { x, y, radius }) {
  const [near_x, near_y] = [Math.min(Math.max(x, left), right), Math.min(Math.max(y, top), bottom)];
  return right > left && bottom > top && Math.hypot(x - near_x, y - near_y) < radius;
}
