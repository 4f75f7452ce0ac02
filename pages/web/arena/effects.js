// Short-lived lights: sparks, rings, flashes, exhaust. Their number is bounded, and none is game state.

import { COLOURS, colourOf, glowOf } from "./palette.js";

const SPARKS_MAX = 420;
const RINGS_MAX = 32;
const FLASH_MS = 160;
/** From this speed on a ship leaves exhaust, tiles per second. */
const PUFF_FROM = 1.5;

export class Effects {
  #sparks = [];
  #rings = [];
  #flashes = new Map();
  #exhaust = 0;
  /** How much the player's own ship was just hurt, 0 to 1, fading. */
  pain = 0;
  /** Whether one of the player's own shots has just hit, 0 to 1, fading. */
  mark = 0;
  /** Reduced motion: nothing flies around or grows. */
  calm = false;

  /** Takes the news of a frame. */
  hear(news, ships) {
    for (const item of news) {
      if (item.type === "hurt") this.#hurt(item.ship, item.by);
      else if (item.type === "destroyed") this.#burst(item.ship, item.at);
      else if (item.type === "returned") {
        this.#ring(item.ship.x, item.ship.y, 1.6, 0.1, 0.5, colourOf(item.ship.player, item.ship.own));
      } else if (item.type === "fired") this.#muzzle(item.shot, item.ship);
      else if (item.type === "gone") this.#impact(item.shot, ships);
      else if (item.type === "taken") this.#taken(item.pickup);
    }
  }

  /** One of the player's own shots has hit. */
  hit() {
    this.mark = 1;
  }

  /** Advances by `dt` seconds; flying ships leave exhaust. */
  update(dt, ships) {
    this.pain = Math.max(0, this.pain - dt * 2.2);
    this.mark = Math.max(0, this.mark - dt * 5);
    this.#exhaust += dt * 45;
    while (this.#exhaust >= 1) {
      this.#exhaust -= 1;
      for (const ship of ships) this.#puff(ship);
    }
    this.#sparks = this.#sparks.filter((spark) => (spark.left -= dt) > 0);
    for (const spark of this.#sparks) {
      spark.x += spark.vx * dt;
      spark.y += spark.vy * dt;
      const drag = Math.exp(-dt * spark.drag);
      spark.vx *= drag;
      spark.vy *= drag;
    }
    this.#rings = this.#rings.filter((ring) => (ring.left -= dt) > 0);
    for (const [id, left] of this.#flashes) {
      if (left <= dt * 1000) this.#flashes.delete(id);
      else this.#flashes.set(id, left - dt * 1000);
    }
  }

  /** How white a ship flashes, 0 to 1. */
  flashOf(id) {
    return (this.#flashes.get(id) ?? 0) / FLASH_MS;
  }

  /** Draws in the world's transform. */
  draw(context, camera) {
    context.globalCompositeOperation = "lighter";
    for (const spark of this.#sparks) {
      if (!camera.sees(spark.x, spark.y)) continue;
      const part = spark.left / spark.life;
      context.globalAlpha = part * spark.alpha;
      const radius = spark.size * (1 + 1.6 * part);
      context.drawImage(glowOf(spark.colour), spark.x - radius, spark.y - radius, radius * 2, radius * 2);
    }
    for (const ring of this.#rings) {
      if (!camera.sees(ring.x, ring.y, 4)) continue;
      const part = ring.left / ring.life;
      context.globalAlpha = part * 0.8;
      context.strokeStyle = ring.colour;
      context.lineWidth = 0.03 + 0.1 * part;
      context.beginPath();
      const radius = this.calm ? Math.max(ring.from, ring.to) : ring.to + (ring.from - ring.to) * part * part;
      context.arc(ring.x, ring.y, radius, 0, Math.PI * 2);
      context.stroke();
    }
    context.globalAlpha = 1;
    context.globalCompositeOperation = "source-over";
  }

  #hurt(ship, by) {
    this.#flashes.set(ship.id, FLASH_MS);
    this.#scatter(ship.x, ship.y, 8, 5, colourOf(ship.player, ship.own), 0.35);
    if (ship.own) this.pain = Math.min(1, this.pain + by / 35);
  }

  #burst(ship, at) {
    const colour = colourOf(ship.player, ship.own);
    this.#scatter(at.x, at.y, 34, 9, colour, 0.8);
    this.#scatter(at.x, at.y, 16, 5, "#ffffff", 0.5);
    this.#ring(at.x, at.y, 0.2, 2.1, 0.55, colour);
    this.#ring(at.x, at.y, 0.1, 1.1, 0.3, "#ffffff");
  }

  #muzzle(shot, ship) {
    this.#ring(shot.x, shot.y, 0.08, 0.3, 0.12, colourOf(ship.player, ship.own));
  }

  #impact(shot, ships) {
    const onShip = ships.some(
      (ship) => ship.player !== shot.owner && Math.hypot(ship.x - shot.x, ship.y - shot.y) < 1.2,
    );
    this.#scatter(shot.x, shot.y, onShip ? 7 : 4, 4, colourOf(shot.owner, shot.own), 0.3);
  }

  #taken(pickup) {
    this.#ring(pickup.x, pickup.y, 0.3, 1.3, 0.45, pickup.rapid ? COLOURS.rapid : COLOURS.health);
  }

  #puff(ship) {
    const speed = Math.hypot(ship.vx, ship.vy);
    if (!ship.alive || speed < PUFF_FROM) return;
    this.#spark({
      x: ship.x - (ship.vx / speed) * 0.36 + (Math.random() - 0.5) * 0.22,
      y: ship.y - (ship.vy / speed) * 0.36 + (Math.random() - 0.5) * 0.22,
      vx: -(ship.vx / speed) * 1.5,
      vy: -(ship.vy / speed) * 1.5,
      life: 0.36, size: 0.07, drag: 3, alpha: 0.55, colour: colourOf(ship.player, ship.own),
    });
  }

  #scatter(x, y, count, speed, colour, life) {
    for (let n = 0; n < count; n++) {
      const angle = Math.random() * Math.PI * 2;
      const fast = speed * (0.25 + Math.random() * 0.75);
      this.#spark({
        x,
        y,
        vx: Math.cos(angle) * fast,
        vy: Math.sin(angle) * fast,
        life: life * (0.5 + Math.random() * 0.5),
        size: 0.06 + Math.random() * 0.07,
        drag: 4,
        alpha: 1,
        colour,
      });
    }
  }

  #spark(spark) {
    if (this.calm) return;
    if (this.#sparks.length >= SPARKS_MAX) this.#sparks.shift();
    this.#sparks.push({ ...spark, left: spark.life });
  }

  #ring(x, y, from, to, life, colour) {
    if (this.#rings.length >= RINGS_MAX) this.#rings.shift();
    this.#rings.push({ x, y, from, to, life, left: life, colour });
  }
}
