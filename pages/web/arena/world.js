// The arena as the page sees it: the client's entities sorted by kind, and the changes since the last frame.
//
// Visual effects come from the ships' fields, because events of a hit or a kill go only to the two players
// involved (docs/protocol.md). So a spectator sees the same effects as a player.

/** A shot that first appears within this distance of its ship counts as just fired, tiles. */
const MUZZLE_REACH = 2.5;
/** Half the side of the square of a ship that walls stop, slightly smaller than the real one, tiles. */
const HULL_HALF = 0.385;

export class World {
  #ships = new Map();
  #shots = new Map();
  #pickups = new Map();

  /** Forgets everything: the next entities are new but make no news. */
  clear() {
    this.#ships.clear();
    this.#shots.clear();
    this.#pickups.clear();
  }

  /**
   * Takes this frame's entities on `map`, with velocities per tick of a room at `tickRate`, and the room's
   * state. Returns `{ ships,
   * shots, pickups, round, own, news }`; news are `fired`, `gone` (a shot), `hurt`, `destroyed`, `returned`,
   * `scored`, `taken`.
   */
  see(entities, map, tickRate, state) {
    const round = state && roundOf(state);
    const frame = { ships: [], shots: [], pickups: [], round, own: null, news: [] };
    for (const entity of entities) {
      if (entity.kind === "ship") frame.ships.push(shipOf(entity, tickRate));
      else if (entity.kind === "shot") frame.shots.push(shotOf(entity, tickRate));
      else if (entity.kind === "pickup") frame.pickups.push(pickupOf(entity));
    }
    frame.own = frame.ships.find((ship) => ship.own) ?? null;
    // While no updates arrive, everything flies on as before: the client's extrapolation ignores walls.
    for (const ship of frame.ships) stopAtWalls(ship, this.#ships.get(ship.id), map);
    frame.shots = frame.shots.filter((shot) => !map.isWall(Math.floor(shot.x), Math.floor(shot.y)));
    this.#compareShips(frame);
    this.#compareShots(frame);
    this.#comparePickups(frame);
    return frame;
  }

  #compareShips({ ships, news }) {
    const before = this.#ships;
    this.#ships = new Map(ships.map((ship) => [ship.id, ship]));
    for (const ship of ships) {
      const was = before.get(ship.id);
      if (!was) continue;
      if (ship.hp < was.hp) news.push({ type: "hurt", ship, by: was.hp - ship.hp });
      if (was.alive && !ship.alive) news.push({ type: "destroyed", ship, at: was });
      if (!was.alive && ship.alive) news.push({ type: "returned", ship });
      if (ship.score > was.score) news.push({ type: "scored", ship });
    }
  }

  #compareShots({ ships, shots, news }) {
    const before = this.#shots;
    this.#shots = new Map();
    const shipOfOwner = new Map(ships.map((ship) => [ship.player, ship]));
    for (const shot of shots) {
      const was = before.get(shot.id);
      const ship = shipOfOwner.get(shot.owner);
      shot.own = ship?.own ?? false;
      // A trail begins where the shot first appeared.
      shot.from = was?.from ?? { x: shot.x, y: shot.y };
      this.#shots.set(shot.id, shot);
      if (!was && ship && Math.hypot(ship.x - shot.x, ship.y - shot.y) < MUZZLE_REACH) {
        news.push({ type: "fired", shot, ship });
      }
    }
    for (const [id, shot] of before) {
      if (!this.#shots.has(id)) news.push({ type: "gone", shot });
    }
  }

  #comparePickups({ pickups, news }) {
    for (const pickup of pickups) {
      const was = this.#pickups.get(pickup.id);
      if (was?.ready && !pickup.ready) news.push({ type: "taken", pickup });
      this.#pickups.set(pickup.id, pickup);
    }
  }
}

/** A ship that would be drawn inside a wall stays where it was, or slides along the wall. */
function stopAtWalls(ship, was, map) {
  const isFree = (x, y) => map.isFree(x, y, HULL_HALF);
  if (!was || isFree(ship.x, ship.y) || !isFree(was.x, was.y)) return;
  if (isFree(was.x, ship.y)) ship.x = was.x;
  else if (isFree(ship.x, was.y)) ship.y = was.y;
  else [ship.x, ship.y] = [was.x, was.y];
}

const shipOf = (entity, tickRate) => ({
  id: entity.id,
  own: entity.own,
  player: entity.player,
  x: entity.pos.x,
  y: entity.pos.y,
  // Tiles per second.
  vx: entity.vel.x * tickRate,
  vy: entity.vel.y * tickRate,
  angle: entity.heading,
  hp: entity.hp,
  alive: entity.alive,
  shielded: entity.shielded,
  rapid: entity.weapon === "rapid",
  score: entity.score,
  deaths: entity.deaths,
});

const shotOf = (entity, tickRate) => ({
  id: entity.id,
  owner: entity.owner,
  x: entity.pos.x,
  y: entity.pos.y,
  vx: entity.vel.x * tickRate,
  vy: entity.vel.y * tickRate,
});

const pickupOf = (entity) => ({
  id: entity.id,
  x: entity.pos.x,
  y: entity.pos.y,
  rapid: entity.gift === "rapid",
  ready: entity.ready,
});

const roundOf = (state) => ({
  number: state.number,
  playing: state.phase === "playing",
  seconds_left: state.seconds_left,
});
