// What a spectator of the arena's page watches.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Spectating } from "../../pages/web/arena/spectating.js";

const nameOf = (player) => `pilot ${player}`;
const ship = (player, x = 0) => ({ player, x, y: 0 });
const roster = (...players) => players.map((player) => ({ player }));

function following(player, ships) {
  const spectating = new Spectating();
  spectating.start(true);
  spectating.follow(player);
  spectating.focus(ships, roster(...ships.map((other) => other.player)));
  return spectating;
}

test("a ship missing for some frames stays followed, at its last known position", () => {
  const spectating = following(2, [ship(1), ship(2, 7)]);
  assert.equal(spectating.focus([], roster(1, 2)).x, 7);
  assert.deepEqual(spectating.shown(nameOf), ["pilot 2", false]);
  assert.equal(spectating.focus([ship(1), ship(2, 9)], roster(1, 2)).x, 9);
});

test("a player that has left the room is no longer followed, not even after coming back", () => {
  const spectating = following(2, [ship(1), ship(2)]);
  assert.equal(spectating.focus([ship(1)], roster(1)), null);
  assert.equal(spectating.focus([ship(1), ship(2)], roster(1, 2)), null);
  assert.deepEqual(spectating.shown(nameOf), ["Watching everyone", true]);
});

test("steps go from player to player in both directions and wrap around", () => {
  const ships = [ship(9), ship(1), ship(4)];
  const spectating = following(4, ships);
  const seen = [1, 1, -1, -1, -1].map((by) => {
    spectating.step(by);
    return spectating.focus(ships, roster(1, 4, 9)).player;
  });
  assert.deepEqual(seen, [9, 1, 9, 4, 1]);
});

test("the whole map remembers the followed player, and starts with the first one", () => {
  const ships = [ship(1), ship(4)];
  const spectating = new Spectating();
  spectating.start(true);
  assert.equal(spectating.focus(ships, roster(1, 4)), null);
  spectating.wholeMap(false);
  assert.equal(spectating.focus(ships, roster(1, 4)).player, 1);
  spectating.follow(4);
  spectating.wholeMap();
  assert.equal(spectating.focus(ships, roster(1, 4)), null);
  spectating.wholeMap();
  assert.equal(spectating.focus(ships, roster(1, 4)).player, 4);
});
