// The page of a host without the arena: its games and rooms, and a spectator's view of any of them. The
// generic client reads a game through the schema that the server sends, so nothing here depends on a game.

import { explain } from "../arena/closes.js";
import { byId, make, setText, show, shownName } from "../arena/dom.js";
import { hashOf, playUrl, readHash } from "../arena/links.js";
import { connect } from "../tickwire.js";
import { Field, colourOf, markOf } from "./field.js";
import { positionsOf } from "./positions.js";

const REFRESH_MS = 3000;
const LEGEND_MS = 250;
/** How old a list of rooms may be. */
const LIST_AGE_MS_MAX = 1_200;
/** For a kind without positions, the fields of this many entities are shown. */
const TOLD_MAX = 4;

const field = new Field(byId("field"));
let client = null;
/** Counts the attempts to join a room: only the last one counts. */
let ways = 0;
let listed = "";

async function refresh() {
  if (client !== null || document.hidden) return;
  try {
    const response = await fetch("api/rooms");
    if (!response.ok) throw new Error(response.statusText);
    list(await response.json());
    setText(byId("note"), "");
  } catch {
    setText(byId("note"), "The list could not be loaded. Trying again.");
  }
}

/** Shows the games with their rooms; redraws only if something has changed. */
function list({ games, rooms }) {
  const facts = rooms.map((room) => ({ id: room.id, game: room.game, text: about(room) }));
  const key = JSON.stringify([games, facts]);
  if (key === listed) return;
  listed = key;
  const roomsOf = (game) => facts.filter((room) => room.game === game);
  byId("games").replaceChildren(...games.map((game) => section(game, roomsOf(game))));
}

/** The line about a room. */
function about({ id, players, players_max, spectators, metadata, options }) {
  const watching = spectators > 0 ? [`${spectators} watching`] : [];
  const facts = Object.entries({ ...options, ...metadata }).map(([key, value]) => `${key} ${value}`);
  return [`${players} of ${players_max} players`, ...watching, ...facts, id].join(" · ");
}

function section(game, rooms) {
  const lines = rooms.map((room) => {
    const button = make("button", { type: "button", onclick: () => watch(room.game, room.id) }, "Watch");
    const line = make("li", {}, make("span", {}, room.text), button);
    line.dataset.room = room.id;
    return line;
  });
  const none = make("p", { className: "quiet" }, "No room is open. The first player opens one.");
  return make("section", {}, make("h2", {}, game), lines.length > 0 ? make("ul", {}, ...lines) : none);
}

async function watch(game, room) {
  const way = ++ways;
  setText(byId("note"), "Joining …");
  let made;
  try {
    made = await connect({ url: playUrl(), game, room, role: "spectator", name: "spectator" });
  } catch (error) {
    if (way === ways) setText(byId("note"), told(error));
    return;
  }
  if (way !== ways) return made.close();
  client = made;
  history.replaceState(null, "", hashOf(room, true));
  setText(byId("title"), `${game} · ${room}`);
  setText(byId("line"), "");
  show(byId("list"), false);
  show(byId("watch"), true);
  byId("back").focus();
  made.on("cut", () => setText(byId("line"), "Connection lost. Reconnecting …"));
  made.on("resumed", () => setText(byId("line"), ""));
  made.on("closed", (reason) => client === made && back(told(reason)));
  draw(made);
}

/** Draws each frame until another room, or none, is watched. */
function draw(watched) {
  const positions = positionsOf(watched.schema);
  const drawnAs = (kind, number) => ({
    ...kind,
    number,
    colour: colourOf(number),
    position: positions.get(kind.name),
  });
  const { schema } = watched;
  const kinds = schema.kinds.slice(0, schema.kinds.length - schema.state_kinds).map(drawnAs);
  const kindOf = new Map(kinds.map((kind) => [kind.name, kind]));
  field.clear(Math.max(Number.EPSILON, ...kinds.map(({ position }) => position?.span ?? 0)));
  let legend_ms = -Infinity;
  requestAnimationFrame(function frame(now) {
    if (client !== watched) return;
    requestAnimationFrame(frame);
    const entities = watched.entities(now);
    const { roster } = watched;
    const names = new Map(roster.map(({ entity, player, name }) => [entity, shownName(name, player)]));
    const placed = entities.filter(({ kind }) => kindOf.get(kind).position !== null);
    field.draw(placed.map((entity) => {
      const { colour, number, position } = kindOf.get(entity.kind);
      const { x, y } = position.of(entity);
      return { x, y, colour, number, name: names.get(entity.id) ?? "" };
    }));
    if (now - legend_ms < LEGEND_MS) return;
    legend_ms = now;
    const lines = kinds.map((kind) => legend(kind, entities));
    byId("legend").replaceChildren(...lines, ...stateLine(watched));
  });
}

/** A kind's line: the number of its entities, and the fields of those without positions. */
function legend({ name, number, fields, colour, position }, entities) {
  const isTold = position === null;
  const all = entities.filter((entity) => entity.kind === name);
  const rows = isTold ? all.slice(0, TOLD_MAX).map((entity) => tell(fields, entity)) : [];
  const text = [String(all.length), ...rows].join(" · ");
  const term = make("dt", {}, name);
  term.dataset.mark = isTold ? "" : markOf(number);
  const line = make("div", {}, term, make("dd", {}, text));
  line.style.setProperty("--kind", colour);
  return line;
}

/** The line of the room's state, in a list; empty for a game without one. */
function stateLine(watched) {
  const state = watched.roomState();
  const kind = watched.schema.kinds.findLast(({ name }) => name === state?.kind);
  if (kind === undefined) return [];
  return [make("div", {}, make("dt", {}, kind.name), make("dd", {}, tell(kind.fields, state)))];
}

/** The fields with their values, in one text. */
const tell = (fields, values) => fields.map(({ name }) => `${name} ${shown(values[name])}`).join(", ");

/** A number, a choice or a bool in readable form. */
const shown = (value) => (typeof value === "number" ? Math.round(value * 100) / 100 : value ?? "…");

function told(close) {
  const { title, text } = explain(close);
  return [title, text].filter((part) => part !== "").join(": ");
}

function back(note = "") {
  const left = client;
  client = null;
  ways += 1;
  left?.close();
  history.replaceState(null, "", location.pathname);
  show(byId("watch"), false);
  show(byId("list"), true);
  byId("list").focus();
  refresh().then(() => note !== "" && setText(byId("note"), note));
}

/** Does what the address asks for: `#room=ID` is watched at once. */
async function arrive() {
  const asked = readHash(location.hash);
  await refresh();
  if (asked?.problem) setText(byId("note"), asked.problem);
  if (!asked?.room || client?.room === asked.room) return;
  const gameOf = () => JSON.parse(listed || "[[],[]]")[1].find((room) => room.id === asked.room)?.game;
  if (gameOf() === undefined) {
    await new Promise((resolve) => setTimeout(resolve, LIST_AGE_MS_MAX));
    await refresh();
  }
  if (gameOf() === undefined) setText(byId("note"), `Room ${asked.room} no longer exists.`);
  else watch(gameOf(), asked.room);
}

byId("back").onclick = () => back();
window.addEventListener("hashchange", arrive);
document.addEventListener("visibilitychange", refresh);
setInterval(refresh, REFRESH_MS);
arrive();

// For tests and for debugging.
Object.defineProperty(window, "tickwirePage", { value: { get client() { return client; } } });
