// The page: arrows or WASD to run. The core predicts the player's own runner by the game's rules.
import { connect } from "./tickwire.js";

const HALF_SIDE = 24;
const canvas = document.getElementById("field");
const drawing = canvas.getContext("2d");
const say = (text) => (document.getElementById("line").textContent = text);
const keys = new Set();
const held = (...codes) => codes.some((code) => keys.has(code));

const join = (room) => connect({ url: "play", game: "@name@", name: "runner", wasm: "@name@.wasm", room });
// `#room=ID` in the address joins that room, so the address is an invitation. If the room is over: another.
const room = new URLSearchParams(location.hash.slice(1)).get("room");
const joined = room ? join(room).catch(() => join()) : join();
const client = await joined.catch((error) => {
  say(error.text);
  throw error;
});
history.replaceState(null, "", `#room=${client.room}`);
const nameOf = (player) => client.roster.find((entry) => entry.player === player)?.name ?? "someone";
const coins = () => client.roomState()?.coins ?? 0;
client.on("event", ({ type, player }) => {
  if (type === "Took") say(`${nameOf(player)} took a coin. Coins: ${coins()}`);
});
client.on("cut", () => say("Connection lost. Reconnecting…"));
client.on("resumed", () => say("Reconnected."));
client.on("closed", ({ text }) => say(`It is over: ${text}`));

function key(event) {
  // A page without the focus gets no keyup.
  if (event.type === "blur" || event.metaKey) keys.clear();
  else if (event.type === "keyup") keys.delete(event.code);
  else keys.add(event.code);
  client.input({
    x: held("ArrowRight", "KeyD") - held("ArrowLeft", "KeyA"),
    y: held("ArrowDown", "KeyS") - held("ArrowUp", "KeyW"),
  });
}
for (const type of ["keydown", "keyup", "blur"]) addEventListener(type, key);

requestAnimationFrame(function frame(now) {
  const side = (canvas.width = canvas.height = canvas.clientHeight * devicePixelRatio);
  drawing.setTransform(side / 2 / HALF_SIDE, 0, 0, side / 2 / HALF_SIDE, side / 2, side / 2);
  for (const { kind, pos, own } of client.entities(now)) {
    drawing.fillStyle = kind === "coin" ? "#ffd24a" : own ? "#5cc8ff" : "#8a94a6";
    drawing.beginPath();
    drawing.arc(pos.x, pos.y, kind === "coin" ? 0.3 : 0.5, 0, 2 * Math.PI);
    drawing.fill();
  }
  requestAnimationFrame(frame);
});
say(`Run: take the coins. Coins: ${coins()}`);
