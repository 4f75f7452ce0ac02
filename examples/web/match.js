// A page for step 9. The server sends the treasure of the player's own team, and not that of the others.
import { Reader, Writer } from "./tickwire.js";
import { disc, drawField, join, nameOf, say, steer } from "./ladder.js";

const COLOURS = { red: "#ff5c5c", blue: "#5cc8ff" };
const phase = document.getElementById("phase");
const ready = document.getElementById("ready");

const client = await join("hunt");
steer(client);
client.on("event", (bytes) => {
  const from = new Reader(bytes); // enum News { Started, Found { by }, Ended { red, blue } }
  switch (from.varint()) {
    case 0: return say("Find your team's treasures!");
    case 1: return say(`A treasure for your team: ${nameOf(client, from.varint())} found it.`);
    default: {
      const [red, blue] = [from.u8(), from.u8()];
      return say(red === blue ? "A draw." : `The ${red > blue ? "red" : "blue"} team wins.`);
    }
  }
});

// enum Command { Ready(bool) }
ready.addEventListener("click", () => client.command(new Writer().varint(0).bool(true).done()));

function phaseText(state) {
  const seconds = Math.ceil(state.ticks_left / client.tickRate);
  switch (state.kind) {
    case "lobby": return `Lobby: ${state.ready} of ${state.players} are ready, at least two play.`;
    case "running": return `Red ${state.red}, blue ${state.blue}, ${seconds} s left.`;
    default: return `Result: red ${state.red}, blue ${state.blue}. The lobby opens in ${seconds} s.`;
  }
}

function update() {
  const state = client.roomState();
  if (state === null) return;
  const text = phaseText(state);
  if (phase.textContent !== text) phase.textContent = text;
  ready.hidden = state.kind !== "lobby" || client.entity(client.entityId)?.ready !== false;
}
setInterval(update, 100);

drawField(client, (context, { kind, team, own }, x, y) => {
  if (kind === "hunter") return disc(context, x, y, 0.012, COLOURS[team], own);
  context.fillStyle = COLOURS[team];
  context.fillRect(x - 0.015, y - 0.015, 0.03, 0.03);
});
say("Arrows or WASD: go.");
