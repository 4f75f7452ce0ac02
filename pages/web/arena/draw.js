// Draws a frame of the arena. It uses the canvas, but neither the network nor the document.

import { touches } from "./camera.js";
import { COLOURS, OWN, colourOf, glowOf } from "./palette.js";

/** A ship's radius for collisions with walls and shots, tiles. */
const SHIP_RADIUS = 400 / 1024;
/** Length of a trail, in seconds of the shot's flight. */
const TRAIL_S = 0.113;
const RATIO_MAX = 2.5;
/** The longer side of the small map, and the smallest screen side that has room for it, screen points. */
const OVERVIEW_SIDE = 170;
const OVERVIEW_FROM = 600;
/** Its opacity while the player's own ship is below it. */
const OVERVIEW_ASIDE = 0.2;

/** The hull: nose along x, inside the collision circle. */
const HULL = new Path2D(
  "M0.44 0 L-0.3 0.31 Q-0.36 0.33 -0.34 0.26 L-0.2 0 L-0.34 -0.26 Q-0.36 -0.33 -0.3 -0.31 Z",
);
const COCKPIT = new Path2D("M0.2 0 L-0.07 0.1 L-0.07 -0.1 Z");
const CROSS = new Path2D(
  "M-0.07 -0.22 h0.14 v0.15 h0.15 v0.14 h-0.15 v0.15 h-0.14 v-0.15 h-0.15 v-0.14 h0.15 Z",
);
const BOLT = new Path2D("M0.06 -0.26 L-0.17 0.05 h0.14 L-0.06 0.26 L0.17 -0.06 h-0.14 Z");

export class Painter {
  /** Milliseconds that the last frame took to draw. */
  cost_ms = 0;
  #canvas;
  #context;
  #ratio = 1;
  #size = { width: 0, height: 0 };

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
  }

  /** Fits the canvas to the window and returns its size in screen points. */
  fit() {
    const ratio = Math.min(RATIO_MAX, window.devicePixelRatio || 1);
    const [width, height] = [window.innerWidth, window.innerHeight];
    if (width !== this.#size.width || height !== this.#size.height || ratio !== this.#ratio) {
      this.#size = { width, height };
      this.#ratio = ratio;
      this.#canvas.width = Math.round(width * ratio);
      this.#canvas.height = Math.round(height * ratio);
    }
    return this.#size;
  }

  /**
   * Draws everything. `nameOf(player)` returns the name to show, `pointer` is the crosshair on the screen or
   * null, `overview` tells whether to draw the small map if the screen has room for it, `ship` is the circle
   * of the player's own ship or null.
   */
  draw({ frame, map, camera, effects, nameOf, now, pointer, sticks, overview, ship }) {
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = COLOURS.ground;
    context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    camera.apply(context, this.#ratio, effects.calm ? 0 : now);
    this.#ground(map, camera);
    for (const pickup of frame.pickups) {
      if (camera.sees(pickup.x, pickup.y)) this.#pickup(pickup, now, effects.calm);
    }
    for (const shot of frame.shots) if (camera.sees(shot.x, shot.y)) this.#shot(shot, effects.calm);
    effects.draw(context, camera);
    const seen = frame.ships.filter((ship) => ship.alive && camera.sees(ship.x, ship.y));
    seen.sort((one, other) => Number(one.own) - Number(other.own));
    for (const ship of seen) this.#ship(ship, effects.flashOf(ship.id), now, effects.calm);
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    for (const ship of seen) this.#label(ship, camera, nameOf);
    if (effects.pain > 0) this.#pain(effects.pain);
    if (overview) this.#overview(frame, map, camera, ship);
    if (pointer) this.#crosshair(pointer, effects.mark);
    for (const stick of sticks) this.#stick(stick);
  }

  #ground(map, camera) {
    const context = this.#context;
    context.fillStyle = COLOURS.floor;
    context.fillRect(0, 0, map.width, map.height);
    context.strokeStyle = COLOURS.grid;
    context.lineWidth = 1.2 / camera.scale;
    context.stroke(map.grid);
    context.fillStyle = COLOURS.marks;
    context.fill(map.marks);
    // The shadow on the floor, the side that faces the viewer, then the top: the tile itself.
    for (const [x, y, colour] of [[0.14, 0.34, COLOURS.shadow], [0, 0.16, COLOURS.side]]) {
      context.translate(x, y);
      context.fillStyle = colour;
      context.fill(map.walls);
      context.translate(-x, -y);
    }
    context.fillStyle = COLOURS.wall;
    context.fill(map.walls);
    context.strokeStyle = COLOURS.edge;
    context.lineWidth = Math.max(0.05, 1.5 / camera.scale);
    context.lineCap = "round";
    context.stroke(map.edges);
  }

  #pickup(pickup, now, calm) {
    const context = this.#context;
    const colour = pickup.rapid ? COLOURS.rapid : COLOURS.health;
    const pulse = calm ? 0 : Math.sin(now / 380 + pickup.id) * 0.04;
    context.save();
    context.translate(pickup.x, pickup.y);
    context.globalAlpha = pickup.ready ? 1 : 0.28;
    context.lineWidth = 0.05;
    context.strokeStyle = colour;
    context.beginPath();
    context.arc(0, 0, 0.38 + pulse, 0, Math.PI * 2);
    if (pickup.ready) {
      context.globalAlpha = 0.16;
      context.fillStyle = colour;
      context.fill();
      context.globalAlpha = 1;
    } else {
      context.setLineDash([0.12, 0.12]);
    }
    context.stroke();
    if (pickup.ready) {
      context.fillStyle = colour;
      context.fill(pickup.rapid ? BOLT : CROSS);
    }
    context.restore();
  }

  #shot(shot, calm) {
    const context = this.#context;
    const flown = Math.hypot(shot.x - shot.from.x, shot.y - shot.from.y);
    const speed = Math.hypot(shot.vx, shot.vy) || 1;
    const length = calm ? 0.08 : Math.min(flown, speed * TRAIL_S) + 0.08;
    const tail = { x: shot.x - (shot.vx / speed) * length, y: shot.y - (shot.vy / speed) * length };
    const colour = colourOf(shot.owner, shot.own);
    glow(context, colour, shot, 0.42, 0.55);
    const fade = context.createLinearGradient(tail.x, tail.y, shot.x, shot.y);
    fade.addColorStop(0, `${colour}00`);
    fade.addColorStop(1, colour);
    context.lineCap = "round";
    context.strokeStyle = fade;
    context.lineWidth = 0.13;
    line(context, tail, shot);
    context.strokeStyle = "#ffffff";
    context.lineWidth = 0.1;
    line(context, { x: shot.x - (shot.vx / speed) * 0.12, y: shot.y - (shot.vy / speed) * 0.12 }, shot);
    if (shot.own) ring(context, shot, 0.2, 0.03);
  }

  #ship(ship, flash, now, calm) {
    const context = this.#context;
    const colour = colourOf(ship.player, ship.own);
    glow(context, colour, ship, 0.95, ship.own ? 0.34 : 0.2);
    context.save();
    context.translate(ship.x, ship.y);
    context.fillStyle = COLOURS.shadow;
    context.beginPath();
    context.arc(0.06, 0.13, SHIP_RADIUS * 0.86, 0, Math.PI * 2);
    context.fill();
    if (ship.own) {
      context.strokeStyle = `${OWN}66`;
      context.lineWidth = 0.035;
      context.beginPath();
      context.arc(0, 0, SHIP_RADIUS * 1.32, 0, Math.PI * 2);
      context.stroke();
    }
    if (ship.shielded) {
      context.strokeStyle = "#ffffff";
      context.lineWidth = 0.055;
      context.setLineDash([0.2, 0.13]);
      context.lineDashOffset = calm ? 0 : now / 900;
      context.beginPath();
      context.arc(0, 0, SHIP_RADIUS * 1.5, 0, Math.PI * 2);
      context.stroke();
      context.setLineDash([]);
    }
    context.rotate(ship.angle);
    context.lineJoin = "round";
    context.fillStyle = colour;
    context.fill(HULL);
    context.strokeStyle = ship.own ? "#ffffff" : "rgb(0 0 0 / 45%)";
    context.lineWidth = 0.045;
    context.stroke(HULL);
    context.fillStyle = ship.rapid ? COLOURS.rapid : "rgb(4 12 20 / 75%)";
    context.fill(COCKPIT);
    if (flash > 0) {
      context.globalAlpha = flash;
      context.fillStyle = "#ffffff";
      context.fill(HULL);
    }
    context.restore();
  }

  /** Name and health, upright and in a fixed text size at any zoom. */
  #label(ship, camera, nameOf) {
    const context = this.#context;
    const at = camera.toScreen(ship.x, ship.y);
    const below = at.y + camera.scale * 0.62;
    if (ship.hp < 100 || !ship.own) {
      const width = Math.max(22, camera.scale * 0.9);
      const x = at.x - width / 2;
      context.fillStyle = "rgb(0 0 0 / 60%)";
      context.fillRect(x - 1, below - 1, width + 2, 5);
      context.fillStyle = ship.hp > 60 ? COLOURS.health : ship.hp > 30 ? COLOURS.rapid : COLOURS.hurt;
      context.fillRect(x, below, (width * ship.hp) / 100, 3);
    }
    if (ship.own || camera.scale < 14) return;
    context.font = "600 12px system-ui, 'DejaVu Sans', sans-serif";
    context.textAlign = "center";
    context.textBaseline = "top";
    context.lineWidth = 3;
    context.lineJoin = "round";
    context.strokeStyle = "rgb(5 9 16 / 85%)";
    const name = shortened(nameOf(ship.player));
    context.strokeText(name, at.x, below + 7);
    context.fillStyle = COLOURS.text;
    context.fillText(name, at.x, below + 7);
  }

  /** A red border of the screen when hurt. */
  #pain(strength) {
    const context = this.#context;
    const { width, height } = this.#size;
    const radius = Math.hypot(width, height) / 2;
    const glow = context.createRadialGradient(
      width / 2,
      height / 2,
      radius * 0.62,
      width / 2,
      height / 2,
      radius,
    );
    glow.addColorStop(0, "rgb(255 60 80 / 0%)");
    glow.addColorStop(1, `rgb(255 60 80 / ${Math.round(strength * 32)}%)`);
    context.fillStyle = glow;
    context.fillRect(0, 0, width, height);
  }

  /** The whole map, small, in the corner: walls, all ships, and the visible part. */
  #overview(frame, map, camera, ship) {
    const { width, height } = this.#size;
    if (width < OVERVIEW_FROM || height < OVERVIEW_FROM || map.width === 0) return;
    const context = this.#context;
    const scale = Math.min(OVERVIEW_SIDE / map.width, OVERVIEW_SIDE / map.height);
    const place = {
      left: 14,
      top: height - 14 - map.height * scale,
      right: 14 + map.width * scale,
      bottom: height - 14,
    };
    context.save();
    if (ship && touches(place, ship)) context.globalAlpha = OVERVIEW_ASIDE;
    context.translate(place.left, place.top);
    context.scale(scale, scale);
    context.fillStyle = "rgb(7 11 20 / 78%)";
    context.fillRect(0, 0, map.width, map.height);
    context.fillStyle = "rgb(111 146 204 / 45%)";
    context.fill(map.walls);
    context.strokeStyle = "rgb(232 238 251 / 35%)";
    context.lineWidth = 1 / scale;
    const [w, h] = [width / camera.scale, height / camera.scale];
    const [left, top] = [Math.max(0, camera.x - w / 2), Math.max(0, camera.y - h / 2)];
    context.strokeRect(
      left,
      top,
      Math.min(map.width, camera.x + w / 2) - left,
      Math.min(map.height, camera.y + h / 2) - top,
    );
    for (const ship of frame.ships) {
      if (!ship.alive) continue;
      context.fillStyle = colourOf(ship.player, ship.own);
      context.beginPath();
      context.arc(ship.x, ship.y, (ship.own ? 3.4 : 2.4) / scale, 0, Math.PI * 2);
      context.fill();
      context.strokeStyle = "#ffffff";
      if (ship.own) ring(context, ship, 5.5 / scale, 1.2 / scale);
    }
    context.restore();
  }

  #crosshair({ x, y }, mark) {
    const context = this.#context;
    context.lineCap = "round";
    for (const [colour, width] of [["rgb(0 0 0 / 60%)", 4], ["#ffffff", 1.8]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        context.moveTo(x + dx * 5, y + dy * 5);
        context.lineTo(x + dx * 11, y + dy * 11);
      }
      context.stroke();
    }
    if (mark <= 0) return;
    context.globalAlpha = mark;
    context.strokeStyle = COLOURS.hurt;
    context.lineWidth = 2.5;
    context.beginPath();
    for (const [dx, dy] of [[1, 1], [-1, 1], [1, -1], [-1, -1]]) {
      context.moveTo(x + dx * 6, y + dy * 6);
      context.lineTo(x + dx * 12, y + dy * 12);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  #stick({ x, y, dx, dy, radius, held }) {
    const context = this.#context;
    context.globalAlpha = held ? 0.75 : 0.35;
    context.strokeStyle = COLOURS.text;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, radius, 0, Math.PI * 2);
    context.stroke();
    context.fillStyle = held ? OWN : COLOURS.text;
    context.beginPath();
    context.arc(x + dx * radius, y + dy * radius, radius * 0.42, 0, Math.PI * 2);
    context.fill();
    context.globalAlpha = 1;
  }
}

const LABEL_MAX = 16;
const shortened = (name) =>
  name.length > LABEL_MAX ? `${[...name].slice(0, LABEL_MAX - 1).join("")}…` : name;

/** Soft light around a point. */
function glow(context, colour, { x, y }, radius, strength) {
  context.globalCompositeOperation = "lighter";
  context.globalAlpha = strength;
  context.drawImage(glowOf(colour), x - radius, y - radius, radius * 2, radius * 2);
  context.globalAlpha = 1;
  context.globalCompositeOperation = "source-over";
}

/** A ring marks the player's own things, for people who cannot tell the colours apart. */
function ring(context, { x, y }, radius, width) {
  context.lineWidth = width;
  context.beginPath();
  context.arc(x, y, radius, 0, Math.PI * 2);
  context.stroke();
}

function line(context, from, to) {
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  context.stroke();
}
