// The player's controls as the arena's input: keys, mouse and two virtual sticks.

const MOVE = {
  KeyW: [0, -1], ArrowUp: [0, -1], KeyS: [0, 1], ArrowDown: [0, 1],
  KeyA: [-1, 0], ArrowLeft: [-1, 0], KeyD: [1, 0], ArrowRight: [1, 0],
};
const TURN = { KeyQ: -1, KeyE: 1 };
const FULL = 127;
const TURN_PER_S = 3.6;
const STICK_RADIUS = 56;
/** How far a stick must be pushed before it counts. */
const DEAD = 0.18;
const FIRE_FROM = 0.45;

export class Controls {
  /** Where the mouse is on the screen, while it aims. */
  pointer = null;
  /** Whether the screen was touched: then the virtual sticks are shown. */
  touched = false;
  #keys = new Set();
  /** The keys pressed since the last `read`: a tap between two frames counts. */
  #tapped = new Set();
  /** The pointer whose left button was pressed on the field and is still held. */
  #trigger = null;
  #clicked = false;
  #angle = 0;
  #sticks = { left: idle(), right: idle() };
  #active = false;

  constructor(canvas) {
    window.addEventListener("keydown", (event) => this.#key(event, true));
    window.addEventListener("keyup", (event) => this.#key(event, false));
    window.addEventListener("blur", () => this.release());
    document.addEventListener("visibilitychange", () => this.release());
    canvas.addEventListener("pointermove", (event) => this.#moved(event));
    canvas.addEventListener("pointerdown", (event) => this.#pressed(event, canvas));
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(type, (event) => this.#lifted(event));
    }
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  /** Whether the controls count now. */
  set active(active) {
    this.#active = active;
    if (!active) this.release();
  }

  /** Releases all keys, buttons and sticks. */
  release() {
    this.#keys.clear();
    this.#tapped.clear();
    this.#trigger = null;
    this.#clicked = false;
    this.#sticks = { left: idle(), right: idle() };
  }

  /**
   * The input of this frame. `ship` is the screen position of the player's own ship, `dt` the frame time in
   * seconds.
   */
  read(ship, dt) {
    const keys = new Set([...this.#keys, ...this.#tapped]);
    const move = this.#move(keys);
    this.#aim(ship, move, keys, dt);
    const { right } = this.#sticks;
    const pulled = right.held && Math.hypot(right.dx, right.dy) > FIRE_FROM;
    const fire = this.#trigger !== null || this.#clicked || keys.has("Space") || pulled;
    this.#tapped.clear();
    this.#clicked = false;
    return { move_x: Math.round(move.x * FULL), move_y: Math.round(move.y * FULL), aim: this.#angle, fire };
  }

  /** The sticks to draw on a screen of this size. */
  sticks({ width, height }) {
    if (!this.touched) return [];
    const y = height - STICK_RADIUS - 34;
    const places = { left: { x: STICK_RADIUS + 34, y }, right: { x: width - STICK_RADIUS - 34, y } };
    return Object.entries(this.#sticks).map(([side, stick]) => ({
      ...places[side],
      ...stick,
      radius: STICK_RADIUS,
    }));
  }

  #move(keys) {
    const { left } = this.#sticks;
    if (left.held) return Math.hypot(left.dx, left.dy) < DEAD ? { x: 0, y: 0 } : { x: left.dx, y: left.dy };
    let [x, y] = [0, 0];
    for (const key of keys) {
      x += MOVE[key]?.[0] ?? 0;
      y += MOVE[key]?.[1] ?? 0;
    }
    return { x: Math.sign(x), y: Math.sign(y) };
  }

  #aim(ship, move, keys, dt) {
    const { right } = this.#sticks;
    let turn = 0;
    for (const key of keys) turn += TURN[key] ?? 0;
    if (turn !== 0) {
      this.pointer = null;
      this.#angle += turn * TURN_PER_S * dt;
    } else if (right.held && Math.hypot(right.dx, right.dy) > DEAD) {
      this.#angle = Math.atan2(right.dy, right.dx);
    } else if (this.pointer && ship) {
      this.#angle = Math.atan2(this.pointer.y - ship.y, this.pointer.x - ship.x);
    } else if (this.touched && (move.x !== 0 || move.y !== 0)) {
      this.#angle = Math.atan2(move.y, move.x);
    }
  }

  #key(event, down) {
    // macOS sends no keyup for keys that are released while Meta is held.
    if (event.metaKey || event.key === "Meta") this.#keys.clear();
    if (!down) {
      this.#keys.delete(event.code);
      return;
    }
    const ours = event.code in MOVE || event.code in TURN || event.code === "Space";
    if (!this.#active || !ours || event.ctrlKey || event.metaKey || event.altKey) return;
    // A focused button keeps its space bar, a slider its arrows.
    if (
      event.target instanceof HTMLElement &&
      event.target.closest("button, input, a, summary, dialog, [tabindex='0']:not(canvas)")
    ) {
      return;
    }
    event.preventDefault();
    this.#keys.add(event.code);
    this.#tapped.add(event.code);
  }

  #moved(event) {
    if (event.pointerType === "touch") {
      for (const stick of Object.values(this.#sticks)) if (stick.id === event.pointerId) push(stick, event);
    } else {
      this.pointer = { x: event.clientX, y: event.clientY };
      this.#pull(event);
    }
  }

  /**
   * With several buttons, only the first press is a `pointerdown` and only the last release a `pointerup`;
   * the others are moves.
   */
  #pull({ button, buttons, pointerId }) {
    if (button === 0 && buttons & 1 && this.#active) {
      this.#trigger = pointerId;
      this.#clicked = true;
    } else if (this.#trigger === pointerId && !(buttons & 1)) {
      this.#trigger = null;
    }
  }

  #pressed(event, canvas) {
    if (!this.#active) return;
    canvas.focus({ preventScroll: true });
    if (event.pointerType !== "touch") {
      // So that a release over a button of the page is noticed, too.
      canvas.setPointerCapture(event.pointerId);
      this.#moved(event);
      return;
    }
    this.touched = true;
    this.pointer = null;
    const side = event.clientX < window.innerWidth / 2 ? "left" : "right";
    if (this.#sticks[side].held) return;
    canvas.setPointerCapture(event.pointerId);
    this.#sticks[side] = {
      x: event.clientX,
      y: event.clientY,
      dx: 0,
      dy: 0,
      held: true,
      id: event.pointerId,
    };
  }

  #lifted(event) {
    if (this.#trigger === event.pointerId) this.#trigger = null;
    for (const [side, stick] of Object.entries(this.#sticks)) {
      if (stick.id === event.pointerId) this.#sticks[side] = idle();
    }
  }
}

const idle = () => ({ dx: 0, dy: 0, held: false, id: null });

/** A stick's deflection, at most 1. */
function push(stick, event) {
  const [dx, dy] = [(event.clientX - stick.x) / STICK_RADIUS, (event.clientY - stick.y) / STICK_RADIUS];
  const length = Math.max(1, Math.hypot(dx, dy));
  stick.dx = dx / length;
  stick.dy = dy / length;
}
