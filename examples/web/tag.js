// A page for examples/02-tag.rs: arrows or WASD to run, space to dash. It needs no WebAssembly of
// its own: the generic client reads the game through the schema that the server sends.
import { connect, Reader } from "./tickwire.js";

const canvas = document.getElementById("field");
const drawing = canvas.getContext("2d");
const say = (text) => (document.getElementById("line").textContent = text);
const keys = new Set();
const held = (...codes) => codes.some((code) => keys.has(code));

const client = await connect({ url: "play", game: "tag", name: "runner" }).catch((error) => {
  say(error.text);
  throw error;
});
const half = new Reader(client.settings).f32(); // struct Settings { half_side: f32 }

const nameOf = (player) => client.roster.find((entry) => entry.player === player)?.name ?? "someone";
client.on("event", (bytes) => {
  const from = new Reader(bytes); // enum News { Tagged { by, whom } }: the variant's number, then its fields
  if (from.varint() === 0) say(`${nameOf(from.varint())} tagged ${nameOf(from.varint())}`);
});
client.on("cut", () => say("Connection lost. Reconnecting…"));
client.on("resumed", () => say("Reconnected."));
client.on("closed", ({ text }) => say(`It is over: ${text}`));

function key(event) {
  // While Meta is held, macOS sends no keyup of other keys; a page without the focus gets none at all.
  if (event.type === "blur" || event.metaKey || event.key === "Meta") keys.clear();
  else if (event.type === "keyup") keys.delete(event.code);
  else if (!event.ctrlKey && !event.altKey) keys.add(event.code);
  client.input({
    x: held("ArrowRight", "KeyD") - held("ArrowLeft", "KeyA"),
    y: held("ArrowDown", "KeyS") - held("ArrowUp", "KeyW"),
    dash: held("Space"),
  });
}
for (const type of ["keydown", "keyup", "blur"]) addEventListener(type, key);

requestAnimationFrame(function frame(now) {
  const side = (canvas.width = canvas.height = canvas.clientHeight * devicePixelRatio);
  drawing.setTransform(side / 2 / half, 0, 0, side / 2 / half, side / 2, side / 2);
  for (const { pos, it, own } of client.entities(now)) {
    drawing.fillStyle = it ? "#ff5c5c" : own ? "#5cc8ff" : "#8a94a6";
    drawing.beginPath();
    if (it) drawing.rect(pos.x - 0.5, pos.y - 0.5, 1, 1);
    else drawing.arc(pos.x, pos.y, 0.5, 0, 2 * Math.PI);
    drawing.fill();
    if (!own) continue;
    drawing.strokeStyle = "#ffffff";
    drawing.lineWidth = 0.1;
    drawing.beginPath();
    drawing.arc(pos.x, pos.y, 0.9, 0, 2 * Math.PI);
    drawing.stroke();
  }
  requestAnimationFrame(frame);
});
say("Run: the red player is it.");
