// What the pages of the ladder share: they join, say how it goes, and read the keys.
import { connect } from "./tickwire.js";

/** Writes a sentence below the game. */
export const say = (text) => (document.getElementById("line").textContent = text);

/** Joins a room of a game, or says why that fails. `options` are those of `connect`. */
export async function join(game, options = {}) {
  const client = await connect({ url: "play", game, name: "guest", ...options }).catch((error) => {
    say(error.text ?? error.message);
    throw error;
  });
  return listen(client);
}

/** Says how the connection is. */
export function listen(client) {
  client.on("cut", () => say("Connection lost. Reconnecting…"));
  client.on("resumed", () => say("Reconnected."));
  client.on("idle-warning", () => say("Are you still there? Your seat is given up soon."));
  client.on("closed", ({ text }) => say(`It is over: ${text}`));
  return client;
}

/** The name of a player, by its number. */
export function nameOf(client, player) {
  if (player === client.player) return "you";
  const name = client.roster.find((entry) => entry.player === player)?.name ?? "someone";
  return `${name} ${player}`;
}

/** Gives the way to which the arrows or WASD point as the control `way`. */
export function steer(client) {
  const keys = new Set();
  const held = (...codes) => codes.some((code) => keys.has(code));
  const key = (event) => {
    // While Meta is held, macOS sends no keyup of other keys; a page without the focus gets none at all.
    if (event.type === "blur" || event.metaKey || event.key === "Meta") keys.clear();
    else if (event.type === "keyup") keys.delete(event.code);
    else if (!event.ctrlKey && !event.altKey) keys.add(event.code);
    const x = held("ArrowRight", "KeyD") - held("ArrowLeft", "KeyA");
    const y = held("ArrowDown", "KeyS") - held("ArrowUp", "KeyW");
    client.input({ way: { x, y } });
  };
  for (const type of ["keydown", "keyup", "blur"]) addEventListener(type, key);
}

/** Calls `draw` for every frame with the entities and a canvas on which the field is 1 wide and 1 high. */
export function drawField(client, draw) {
  const canvas = document.getElementById("field");
  const context = canvas.getContext("2d");
  const { max, per_unit } = client.schema.kinds[0].fields.find(({ name }) => name === "pos.x");
  const scale = per_unit / max;
  requestAnimationFrame(function frame(now) {
    const side = (canvas.width = canvas.height = canvas.clientHeight * devicePixelRatio);
    context.setTransform(side, 0, 0, side, 0, 0);
    for (const entity of client.entities(now)) {
      const { x, y } = entity.pos;
      draw(context, entity, x * scale, y * scale);
    }
    requestAnimationFrame(frame);
  });
}

/** A disc, with a ring around it if it is the player's own. */
export function disc(context, x, y, radius, colour, own) {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
  if (!own) return;
  context.strokeStyle = "#ffffff";
  context.lineWidth = radius / 4;
  context.beginPath();
  context.arc(x, y, radius * 1.8, 0, 2 * Math.PI);
  context.stroke();
}
