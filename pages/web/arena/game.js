// One stay in a room: the frame loop, from the player's controls to the rendered frame. Ends with `stop`.

import { Camera } from "./camera.js";
import { Clear } from "./clear.js";
import { byId, setText, show, shownName, toast } from "./dom.js";
import { Effects } from "./effects.js";
import { Hud } from "./hud.js";
import { ArenaMap } from "./map.js";
import { Feed } from "./news.js";
import { RoundEnd, Scores } from "./scores.js";
import { Spectating } from "./spectating.js";
import { World } from "./world.js";

const FRAME_S_MAX = 0.1;
const TOLD_MS = 3000;
/** How far the view leans towards the mouse, as a part of the distance. */
const LEAN = 0.16;
/** A ship's radius on the screen, including its shield, tiles. */
const SHIP_REACH = 0.6;

export class Game {
  /** What was drawn last: for tests and for debugging. */
  drawn = { frames: 0, own: null, ships: 0, shots: 0, scale: 0, work_ms: 0 };
  #painter;
  #controls;
  #net;
  #client;
  #map;
  #world = new World();
  #camera = new Camera();
  #clear = new Clear();
  #effects = new Effects();
  #hud = new Hud();
  #feed = new Feed();
  #roundEnd = new RoundEnd();
  #scores = new Scores((player) => this.#spectating.follow(player));
  #spectating = new Spectating();
  #frame = null;
  #request = 0;
  #last_ms = 0;
  #destroyed = null;
  #told = new Map();
  #offs = [];

  constructor({ painter, controls, net }) {
    this.#painter = painter;
    this.#controls = controls;
    this.#net = net;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    const heed = () => (this.#effects.calm = this.#camera.calm = calm.matches);
    calm.addEventListener("change", heed);
    heed();
  }

  get scores() {
    return this.#scores;
  }

  get spectating() {
    return this.#spectating;
  }

  /** The living ships of the last frame, with their positions on the screen and, as `at`, on the map. */
  shipsOnScreen() {
    const ships = this.#frame?.ships.filter((ship) => ship.alive) ?? [];
    return ships.map(({ player, own, x, y, hp }) => ({
      player,
      own,
      hp,
      at: { x, y },
      ...this.#camera.toScreen(x, y),
    }));
  }

  start(client) {
    this.#client = client;
    this.#map = new ArenaMap(client.settings?.rows);
    this.#world.clear();
    this.#feed.clear();
    this.#net.clear();
    this.#camera.jump();
    this.#destroyed = null;
    this.#told.clear();
    this.#roundEnd.hide();
    this.#spectating.start(client.player === null);
    this.#hud.open(client, String(client.settings?.map ?? ""));
    this.#controls.active = client.player !== null;
    byId("view").classList.toggle("aiming", client.player !== null);
    this.#offs = [
      client.on("event", (event) => this.#event(event)),
      client.on("player-joined", ({ player, name }) =>
        this.#feed.say([this.#person(player, name), "joined"]),
      ),
      client.on("player-left", ({ player, name }) => this.#feed.say([this.#person(player, name), "left"])),
    ];
    this.#last_ms = performance.now();
    this.#request = requestAnimationFrame((now) => this.#animate(now));
  }

  stop() {
    cancelAnimationFrame(this.#request);
    for (const off of this.#offs) off();
    this.#controls.active = false;
    byId("view").classList.remove("aiming");
    this.#roundEnd.hide();
    this.#scores.toggle(false);
    this.#hud.close();
    this.drawn = { ...this.drawn, own: null };
  }

  #animate(now) {
    this.#request = requestAnimationFrame((next) => this.#animate(next));
    const dt = Math.min(FRAME_S_MAX, Math.max(0, (now - this.#last_ms) / 1000));
    this.#last_ms = now;
    const size = this.#painter.fit();
    const client = this.#client;
    const playing = client.player !== null;
    const at = this.drawn.own;
    if (playing) client.input(this.#controls.read(at && this.#camera.toScreen(at.x, at.y), dt));
    const before = performance.now();
    const frame = this.#world.see(client.entities(now), this.#map, client.tickRate, client.roomState());
    this.#frame = frame;
    const work_ms = performance.now() - before;
    this.#effects.hear(frame.news, frame.ships);
    this.#effects.update(dt, frame.ships);
    const focus = playing ? this.#lean(frame.own) : this.#spectating.focus(frame.ships, client.roster);
    const sticks = playing ? this.#controls.sticks(size) : [];
    const ship = this.#onScreen(frame.own);
    this.#clear.look(size, ship, sticks, now);
    this.#camera.update(dt, size, this.#map, focus, this.#clear.insets);
    this.#draw(frame, ship, sticks, now);
    this.#tell(frame, now);
    this.#net.update(client, now, performance.now() - before);
    const own = frame.own;
    this.drawn = {
      frames: this.drawn.frames + 1,
      own: own && { x: own.x, y: own.y, angle: own.angle, hp: own.hp, alive: own.alive, score: own.score },
      ships: frame.ships.length,
      shots: frame.shots.length,
      scale: this.#camera.scale,
      work_ms,
    };
  }

  #draw(frame, ship, sticks, now) {
    this.#painter.draw({
      frame, now, map: this.#map, camera: this.#camera, effects: this.#effects,
      nameOf: (player) => this.#person(player).name,
      pointer: this.#client.player === null ? null : this.#controls.pointer,
      sticks,
      overview: !this.#spectating.whole,
      ship,
    });
  }

  /** The circle of a living ship on the screen, else null. */
  #onScreen(ship) {
    return ship?.alive
      ? { ...this.#camera.toScreen(ship.x, ship.y), radius: SHIP_REACH * this.#camera.scale }
      : null;
  }

  /** What the camera looks at: the player's own ship, leaning towards the mouse. */
  #lean(own) {
    const { pointer } = this.#controls;
    if (!own) return { x: this.#map.width / 2, y: this.#map.height / 2 };
    if (!pointer || !own.alive || this.#effects.calm) return own;
    return {
      x: own.x + ((pointer.x - window.innerWidth / 2) / this.#camera.scale) * LEAN,
      y: own.y + ((pointer.y - window.innerHeight / 2) / this.#camera.scale) * LEAN,
    };
  }

  /** Updates all texts. */
  #tell(frame, now) {
    const client = this.#client;
    this.#hud.people(client.roster.length);
    this.#hud.round(frame.round, client.settings);
    this.#hud.ship(frame.own);
    this.#feed.tell(frame.news.filter((item) => this.#isUntold(item, now)), (player) => this.#person(player));
    this.#scores.update(frame, (player) => this.#person(player), now, client.player === null);
    this.#respawn(frame, now);
    if (frame.round?.playing === false) this.#roundEnd.place(frame.ships, (player) => this.#person(player));
    if (frame.round) this.#roundEnd.next(frame.round.playing ? null : frame.round.seconds_left);
    if (frame.round?.playing && frame.round.seconds_left > 0) this.#roundEndIsOver(frame.round);
    if (client.player === null) {
      this.#hud.spectated(...this.#spectating.shown((player) => this.#person(player).name));
    }
    show(byId("alone"), client.player !== null && client.roster.length === 1 && !this.#scores.open);
    this.#hud.tidy(now);
    if (frame.news.some((item) => item.type === "destroyed" && item.ship.own)) {
      this.#camera.shake(this.#effects.calm ? 0 : 1);
    }
  }

  #respawn(frame, now) {
    const own = frame.own;
    if (!own || own.alive) {
      if (this.#destroyed) this.#hud.notice("");
      this.#destroyed = null;
      return;
    }
    this.#destroyed ??= { at_ms: now, by: null };
    const wait_s = Math.max(
      1,
      Math.ceil((this.#client.settings?.respawn_s ?? 3) - (now - this.#destroyed.at_ms) / 1000),
    );
    const { by } = this.#destroyed;
    this.#hud.notice(by === null ? "Destroyed" : `Destroyed by ${by.name}`, `Back in ${wait_s} s`);
  }

  /** Kills that involve this player arrive as events, so they are not reported from the ships again. */
  #isUntold(item, now) {
    if (item.type === "scored") return !item.ship.own;
    if (item.type !== "destroyed") return false;
    const told_ms = this.#told.get(item.ship.player) ?? -Infinity;
    return now - told_ms > TOLD_MS && !item.ship.own;
  }

  #event(event) {
    const me = this.#client.player;
    const now = performance.now();
    if (event?.type === "Hit") {
      if (event.by === me && event.on !== me) this.#effects.hit();
    } else if (event?.type === "Killed") {
      this.#told.set(event.of, now);
      this.#feed.say([this.#person(event.by), "destroyed", this.#person(event.of)], true);
      if (event.of === me) this.#destroyed = { at_ms: now, by: this.#person(event.by) };
      else if (event.by === me) {
        this.#hud.notice(`You destroyed ${this.#person(event.of).name}`, "", now + 1800);
      }
    } else if (event?.type === "PickedUp") {
      toast(event.gift === "Rapid" || event.gift === 1 ? "Rapid fire" : "Repaired", "good");
    } else if (event?.type === "RoundStarted") {
      this.#roundEnd.hide();
      this.#hud.notice(`Round ${event.number}`, "Go!", now + 1600);
    } else if (event?.type === "RoundEnded") {
      const table = (event.top ?? []).map((line) => ({ ...line, who: this.#person(line.player) }));
      const winner = event.winner === null || event.winner === undefined ? null : this.#person(event.winner);
      this.#roundEnd.open(event.number, winner, table);
      this.#scores.toggle(false);
    }
  }

  #roundEndIsOver(round) {
    if (this.#roundOver !== round.number) this.#roundEnd.hide();
    this.#roundOver = round.number;
  }
  #roundOver = -1;

  /** A player for texts: number, name to show, and whether it is the page's own. */
  #person(player, name = this.#client.roster.find((entry) => entry.player === player)?.name) {
    return { player, name: shownName(name, player), own: player === this.#client.player };
  }
}
