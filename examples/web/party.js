// A page for step 11. What stands after # in its address fills in the form: room and invitation (a link of a
// friend), team, password, private.
import { Reader, Writer, resume } from "./tickwire.js";
import { disc, drawField, join, listen, nameOf, say, steer } from "./ladder.js";

const GAME = "party";
const COLOURS = { red: "#ff5c5c", blue: "#5cc8ff" };
const element = (id) => document.getElementById(id);
const [door, phase, ready, players] = ["door", "phase", "ready", "players"].map(element);
const asked = new URLSearchParams(location.hash.slice(1));

const client = (await comeBack()) ?? (await comeIn());
door.hidden = true;
element("game").hidden = false;
steer(client);

/** The seat of before a reload, if there is one. */
async function comeBack() {
  const back = await resume({ url: "play", game: GAME }).catch(() => null);
  if (back) listen(back);
  return back;
}

/** Asks who plays and where, until the server lets the player in. */
async function comeIn() {
  for (const name of ["team", "password"]) door.elements[name].value = asked.get(name) ?? "";
  door.elements.private.checked = asked.get("private") === "true";
  door.querySelector(".new").hidden = asked.has("room");
  for (;;) {
    await new Promise((resolve) => {
      const submitted = (event) => resolve(event.preventDefault());
      door.addEventListener("submit", submitted, { once: true });
    });
    // If it fails, the reason stands below the form.
    const client = await join(GAME, terms()).catch(() => null);
    if (client) return client;
  }
}

/** What the form asks for, as options of `connect`. */
function terms() {
  const { name, team, password, ticket, private: only } = door.elements;
  const options = { name: name.value };
  if (team.value !== "") options.parameters = { team: team.value };
  if (password.value !== "") options.password = password.value;
  if (ticket.value !== "") options.ticket = ticket.value;
  if (asked.has("room")) options.room = asked.get("room");
  else if (only.checked || password.value !== "") options.fresh = true;
  if (options.fresh && only.checked) options.create = { private: true };
  // An invitation spares the password.
  if (asked.has("invitation")) {
    options.invitation = asked.get("invitation");
    delete options.password;
  }
  return options;
}

client.on("event", (bytes) => {
  const from = new Reader(bytes); // enum News { Started, Kicked { whom, by_moderator }, Ended { red, blue } }
  switch (from.varint()) {
    case 0: return say("Collect the gems!");
    case 1: return say(`${nameOf(client, from.varint())} has to go.`);
    default: return say("It is over.");
  }
});

// enum Command { Ready(bool), Kick(PlayerId) }
ready.addEventListener("click", () => {
  const isReady = client.entity(client.entityId)?.ready === true;
  client.command(new Writer().varint(0).bool(!isReady).done());
});
const kick = (player) => client.command(new Writer().varint(1).varint(player).done());

element("invite").addEventListener("click", async () => {
  const invitation = await client.invite({ uses: 1, valid_s: 600 });
  if (invitation === null) return say("This room gives no invitations.");
  const link = new URL(location.href);
  link.hash = new URLSearchParams({ room: client.room, invitation }).toString();
  element("link").hidden = false;
  element("link").value = link.href;
  // A page that did not come by https may not copy; then the link is there to be copied by hand.
  const copied = await navigator.clipboard?.writeText(link.href).then(() => true, () => false);
  say(copied ? "The link is copied. It is good for one friend, for 10 minutes." : "Give a friend this link.");
});

/** A line of the table; its button votes against the player. */
function row({ player, entity }) {
  const runner = client.entity(entity);
  const line = document.createElement("tr");
  const cell = (text) => (line.insertCell().textContent = text);
  line.className = runner?.team ?? "";
  cell(nameOf(client, player));
  cell(`${runner?.points ?? 0} points`);
  cell(runner?.away ? "away" : runner?.ready ? "ready" : "");
  const vote = line.insertCell();
  if (player !== client.player && client.state !== "closed") {
    const button = document.createElement("button");
    button.textContent = runner?.votes ? `Vote out (${runner.votes})` : "Vote out";
    button.addEventListener("click", () => kick(player));
    vote.append(button);
  }
  return line;
}

function phaseText({ phase, ready, players, red, blue, ticks_left }) {
  const seconds = Math.ceil(ticks_left / client.tickRate);
  switch (phase) {
    case "lobby": return `Lobby: ${ready} of ${players} are ready; both teams are needed.`;
    case "countdown": return `It begins in ${seconds} s.`;
    case "running": return `Red ${red}, blue ${blue}, ${seconds} s left.`;
    default: return `Result: red ${red}, blue ${blue}.`;
  }
}

let shown = "";
function update() {
  const state = client.roomState();
  if (state === null) return;
  const text = phaseText(state);
  if (phase.textContent !== text) phase.textContent = text;
  const inLobby = state.phase === "lobby" || state.phase === "countdown";
  ready.hidden = !inLobby || client.state === "closed";
  ready.textContent = client.entity(client.entityId)?.ready ? "Wait, not yet" : "I am ready";
  element("invite").hidden = !inLobby;
  // Rows are replaced only when something changes, so that a click meets a button that stays.
  const wanted = JSON.stringify([client.state, client.roster, client.roster.map(({ entity }) => {
    const { team, points, ready, away, votes } = client.entity(entity) ?? {};
    return [team, points, ready, away, votes];
  })]);
  if (wanted !== shown && (client.state !== "closed" || client.roster.length > 0)) {
    shown = wanted;
    players.replaceChildren(...client.roster.map(row));
  }
}
setInterval(update, 100);

drawField(client, (context, { kind, team, own, away }, x, y) => {
  context.globalAlpha = away ? 0.4 : 1;
  if (kind === "runner") return disc(context, x, y, 0.02, COLOURS[team], own);
  context.fillStyle = "#ffe066";
  context.fillRect(x - 0.012, y - 0.012, 0.024, 0.024);
});
say("Arrows or WASD: go.");
