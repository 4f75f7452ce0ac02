// Draws entities as marks, with a colour and a shape per kind, and players with their names. The view covers
// everything that was seen.

const COLOURS = ["#5ef2ff", "#ffb14d", "#a8e05f", "#b693ff", "#ff86b0", "#f5e05a", "#7fa6ff", "#d7b08a"];
const MARGIN = 40;
const RADIUS = 6;

/** The colour of the kind with this number. */
export const colourOf = (number) => COLOURS[number % COLOURS.length];

/**
 * The shapes of kinds, of similar areas: symbol, number of corners (0: a circle), and their distance from the
 * middle.
 */
const FORMS = [["●", 0, 1], ["▲", 3, 1.5], ["◆", 4, 1.25], ["⬢", 6, 1.1]];

/** The symbol of the shape of the kind with this number. */
export const markOf = (number) => FORMS[number % FORMS.length][0];

export class Field {
  #canvas;
  #context;
  /** The area that was seen: the view never shrinks, so that it does not swing. */
  #bounds = null;
  #span = 1;

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
  }

  /** Starts on another game or room. `span` is the least extent to show, in the game's units. */
  clear(span) {
    this.#bounds = null;
    this.#span = span;
  }

  /** Draws `dots`: `{ x, y, colour, number, name }`, names only for players. */
  draw(dots) {
    const [canvas, context] = [this.#canvas, this.#context];
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = "#0f1726";
    context.fillRect(0, 0, width, height);
    const placed = dots.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
    for (const dot of placed) this.#widen(dot);
    if (this.#bounds === null) return;
    const { left, right, top, bottom } = this.#bounds;
    const room = (length, points) => Math.max(points - 2 * MARGIN, 1) / Math.max(length, this.#span);
    const scale = Math.min(room(right - left, width), room(bottom - top, height));
    const [middle_x, middle_y] = [(left + right) / 2, (top + bottom) / 2];
    const at = ({ x, y }) => [width / 2 + (x - middle_x) * scale, height / 2 + (y - middle_y) * scale];
    for (const dot of placed) this.#dot(...at(dot), dot);
    for (const dot of placed) if (dot.name !== "") this.#name(...at(dot), dot.name);
  }

  #widen({ x, y }) {
    const seen = this.#bounds ?? { left: x, right: x, top: y, bottom: y };
    const [left, right] = [Math.min(seen.left, x), Math.max(seen.right, x)];
    const [top, bottom] = [Math.min(seen.top, y), Math.max(seen.bottom, y)];
    this.#bounds = { left, right, top, bottom };
  }

  #dot(x, y, { colour, number }) {
    const [, corners, reach] = FORMS[number % FORMS.length];
    this.#context.fillStyle = colour;
    this.#context.beginPath();
    if (corners === 0) this.#context.arc(x, y, RADIUS, 0, 2 * Math.PI);
    for (let corner = 0; corner < corners; corner++) {
      const angle = (2 * Math.PI * corner) / corners;
      this.#context.lineTo(x + RADIUS * reach * Math.sin(angle), y - RADIUS * reach * Math.cos(angle));
    }
    this.#context.fill();
  }

  #name(x, y, name) {
    const context = this.#context;
    context.font = "600 12px system-ui, 'DejaVu Sans', sans-serif";
    context.textAlign = "center";
    context.textBaseline = "top";
    context.lineWidth = 3;
    context.strokeStyle = "#0a0e17";
    context.strokeText(name, x, y + RADIUS + 3);
    context.fillStyle = "#e8eefb";
    context.fillText(name, x, y + RADIUS + 3);
  }
}
