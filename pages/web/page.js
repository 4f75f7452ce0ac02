// The arena's page: which screen is shown, and how a session begins, is cut, resumes and ends.

import { Controls } from "./arena/controls.js";
import { explain } from "./arena/closes.js";
import { byId, copy, setCommand, setText, show, toast } from "./arena/dom.js";
import { Painter } from "./arena/draw.js";
import { Game } from "./arena/game.js";
import { botsCommand, hashOf, isHome, linkTo, playUrl, readHash } from "./arena/links.js";
import { Lobby } from "./arena/lobby.js";
import { NetGraph } from "./arena/netgraph.js";
import { connect, listRooms, resume } from "./tickwire.js";

const canvas = byId("view");
const painter = new Painter(canvas);
const controls = new Controls(canvas);
const net = new NetGraph((lag) => client?.network(lag));
const game = new Game({ painter, controls, net });
const lobby = new Lobby(enter);
let client = null;
let wish = null;
/** Counts the attempts to join: a join that finishes after a newer attempt began is dropped. */
let ways = 0;
/** The page is closing: the end of the session needs no explanation. */
let closing = false;

/** The ticket that the player pasted, which is good once; null without one. */
function takeTicket() {
  const { value } = byId("ticket");
  byId("ticket").value = "";
  return value.trim() || null;
}

/** Joins a room: `{ name, role, room, invitation, create, password, fresh }`. */
async function enter(wanted) {
  wish = wanted;
  const way = ++ways;
  lobby.busy(true);
  const { name, role, room, invitation, create, password, fresh } = wanted;
  let made;
  try {
    made = await connect({
      url: playUrl(), game: "arena", name, role, room: room ?? undefined, create, fresh, invitation, password,
      wasm: new URL("arena.wasm", import.meta.url), network: net.lag, ticket: takeTicket(),
    });
  } catch (error) {
    if (way === ways) refuse(error);
    return;
  }
  if (way !== ways) {
    made.close();
    return;
  }
  play(made, role === "spectator");
}

/**
 * Takes the seat that the page had before a reload. `false`: there is none, and no other attempt to join
 * began meanwhile.
 */
async function comeBack() {
  const asked = readHash(location.hash);
  if (asked?.watch || asked?.problem) return false;
  const way = ++ways;
  let made = null;
  try {
    made = await resume({
      url: playUrl(),
      game: "arena",
      room: asked?.room,
      wasm: new URL("arena.wasm", import.meta.url),
      network: net.lag,
    });
  } catch {
    // The lobby reports what is wrong with the server when the player joins.
  }
  if (way !== ways) {
    made?.close();
    return true;
  }
  if (made === null) return false;
  wish = { role: "player", room: made.room };
  play(made, false);
  return true;
}

/** Shows the room that a client joined. */
function play(made, watches) {
  client = made;
  const ifCurrent = (act) => (event) => client === made && act(event);
  made.on("cut", ifCurrent(cut));
  made.on(
    "idle-warning",
    ifCurrent(({ closes_in_ms }) =>
      toast(`Move, or you leave the room in ${Math.round(closes_in_ms / 1000)} s`),
    ),
  );
  made.on("resumed", ifCurrent(resumed));
  made.on("closed", ifCurrent(closed));
  lobby.close();
  history.replaceState(null, "", hashOf(client.room, watches));
  setCommand(byId("alone-command"), botsCommand(client.room));
  document.body.dataset.screen = "play";
  game.start(client);
  canvas.focus({ preventScroll: true });
}

/** Back to the lobby; `room` is the room that it offers to join. */
function toLobby(room = null) {
  game.stop();
  client = null;
  document.body.dataset.screen = "lobby";
  history.replaceState(null, "", room === null ? location.pathname : hashOf(room));
  lobby.open(room);
  byId("play").focus({ preventScroll: true });
}

/** The join failed. */
function refuse(error) {
  const { title, meaning, text, advice, action } = explain(error);
  // The lobby does not offer a room that cannot be joined.
  const room = action === "other" || error.code === 4016 ? null : (wish.room ?? null);
  if (error.code === 4003 || error.code === 4004) show(byId("sign-in"), true);
  if (room === null) history.replaceState(null, "", location.pathname);
  lobby.open(room);
  // An error without a close code is a bug of this page: the lobby reports it, and the console has the
  // details.
  if (error.code === undefined) console.error(error);
  // The button that was pressed lost the focus while it was disabled.
  if (document.activeElement === document.body) byId("play").focus();
  lobby.problem([title, meaning, text, advice].filter((part) => part !== "").map(sentence).join(" "));
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

function cut({ attempt, grace_left_ms }) {
  const left_s = Math.ceil(grace_left_ms / 1000);
  const waits = client.player === null ? `Trying for ${left_s} s.` : `Your ship waits for ${left_s} s.`;
  const tries = attempt > 1 ? ` (attempt ${attempt})` : "";
  setText(byId("link-lost-text"), `Connection lost. Reconnecting${tries} … ${waits}`);
  show(byId("link-lost"), true);
}

function resumed({ away_ms }) {
  show(byId("link-lost"), false);
  const where = client.player === null ? "in the same room" : "in the same ship";
  toast(`Reconnected, ${where}, after ${(away_ms / 1000).toFixed(1)} s`, "good");
}

function closed(reason) {
  show(byId("link-lost"), false);
  if (closing) {
    game.stop();
    client = null;
    return;
  }
  const { room } = client;
  const told = explain(reason);
  toLobby(told.action === "again" ? room : null);
  setText(byId("closed-code"), told.code || "No answer");
  setText(byId("closed-title"), told.title);
  setText(byId("closed-meaning"), told.meaning);
  setText(byId("closed-text"), told.text);
  show(byId("closed-text"), told.text !== "");
  setText(byId("closed-advice"), told.advice);
  closedButton(told, room);
  byId("closed").showModal();
}

/** The button with the advised action; it is disabled for as long as the server asked to wait. */
function closedButton(told, room) {
  const button = byId("closed-act");
  const ready_ms = performance.now() + told.wait_ms;
  const tick = () => {
    const left_s = Math.ceil((ready_ms - performance.now()) / 1000);
    button.disabled = left_s > 0;
    setText(button, left_s > 0 ? `${told.label} in ${left_s} s` : told.label);
    if (left_s > 0 && byId("closed").open) setTimeout(tick, 200);
  };
  button.onclick = () => {
    byId("closed").close();
    if (told.action === "reload") location.reload();
    else if (told.action === "again") lobby.go({ ...wish, room, fresh: false });
    else if (told.action === "other") toLobby();
  };
  show(byId("closed-lobby"), told.action !== "lobby");
  byId("closed-lobby").onclick = () => {
    byId("closed").close();
    toLobby();
  };
  queueMicrotask(tick);
}

function leave() {
  const left = client;
  toLobby();
  left?.close();
}

byId("btn-leave").onclick = leave;
byId("btn-net").onclick = () => {
  // On a small screen the scores cover it.
  const isCovered = game.scores.open;
  game.scores.toggle(false);
  net.toggle(isCovered || undefined);
};
byId("btn-share").onclick = async () => {
  const link = linkTo(client.room, await invitation());
  toast((await copy(link)) ? "Link to this room copied" : link, "good");
};

/** How many may come with one link, and for how long. */
const INVITE = { uses: 16, valid_s: 86_400 };

/** The invitation that a link to the room needs; `undefined` if it needs none, or there is none. */
async function invitation() {
  const asking = client;
  const isOpenTo = ({ id, password, access }) => id === asking.room && !password && access !== "invited";
  const isOpen = () => listRooms({ url: playUrl() }).then((rooms) => rooms.some(isOpenTo), () => true);
  const isPrivate = wish?.password || wish?.invitation || !(await isOpen());
  return isPrivate ? ((await asking.invite(INVITE)) ?? undefined) : undefined;
}

for (const button of document.querySelectorAll(".command button")) {
  const command = button.previousElementSibling;
  button.onclick = async () =>
    toast((await copy(command.textContent)) ? "Command copied" : "Select the command to copy it", "good");
}
byId("spec-prev").onclick = () => game.spectating.step(-1);
byId("spec-next").onclick = () => game.spectating.step(1);
byId("spec-map").onclick = () => game.spectating.wholeMap();
byId("spec-join").onclick = () => {
  const { room } = client;
  leave();
  lobby.go({ role: "player", room });
};

/** The scores are open while Tab is held. */
let peeks = false;
function endPeek() {
  if (peeks) game.scores.toggle(false);
  peeks = false;
}

const SPECTATOR_KEYS = { KeyA: -1, ArrowLeft: -1, KeyD: 1, ArrowRight: 1 };

window.addEventListener("keydown", (event) => {
  if (client === null || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.code === "F3") net.toggle();
  else if (event.code === "Tab" && !event.repeat && onCanvas(event)) game.scores.toggle((peeks = true));
  else if (event.code === "Escape") {
    game.scores.toggle(false);
    canvas.focus({ preventScroll: true });
  } else if (game.spectating.active && event.code in SPECTATOR_KEYS && onCanvas(event)) {
    game.spectating.step(SPECTATOR_KEYS[event.code]);
  } else if (game.spectating.active && event.code === "KeyM") game.spectating.wholeMap();
  else if (event.code !== "Tab" || !onCanvas(event)) return;
  event.preventDefault();
});
window.addEventListener("keyup", ({ code }) => code === "Tab" && endPeek());
window.addEventListener("blur", endPeek);
// After a click or a touch the keys control the ship again; a player that reached a button by keyboard stays
// there.
byId("hud").addEventListener("click", (event) => {
  if (event.detail > 0 && event.target.closest("button, .panel") && client !== null) {
    canvas.focus({ preventScroll: true });
  }
});
byId("hud").addEventListener("pointerup", (event) => {
  if (event.target.matches("input[type=range]")) canvas.focus({ preventScroll: true });
});
window.addEventListener("hashchange", arrive);
// The client keeps the seat for the page after a reload.
window.addEventListener("pagehide", () => (closing = true));
window.addEventListener("pageshow", async ({ persisted }) => {
  closing = false;
  if (persisted && client === null && !(await comeBack())) toLobby();
});

/** Whether a key is meant for the game. Shift+Tab moves from the arena to the buttons. */
const onCanvas = (event) => (event.target === canvas || event.target === document.body) && !event.shiftKey;

/** Does what the address asks for. */
async function arrive() {
  const { hash } = location;
  const asked = readHash(hash);
  if (client !== null) {
    if (asked?.room === client.room) return;
    const asking = client;
    const nowhere = asked === null || asked.problem !== undefined || !(await isThere(asked.room));
    // Meanwhile the page may have changed rooms.
    if (client !== asking || location.hash !== hash) return;
    if (nowhere) {
      // A wrong link is no reason to give up a ship.
      if (asked !== null) {
        toast(asked.problem ?? `Room ${asked.room} no longer exists. You stay in your room.`);
      }
      history.replaceState(null, "", hashOf(client.room, client.player === null));
      return;
    }
    leave();
  }
  ways += 1;
  lobby.problem(asked?.problem ?? "");
  if (asked?.problem) history.replaceState(null, "", location.pathname);
  lobby.open(asked?.room ?? null, asked?.invitation);
  byId(asked?.watch ? "watch" : "play").focus();
  if (asked?.watch) lobby.go({ role: "spectator", room: asked.room, invitation: asked.invitation });
}

/** How old a list of rooms may be, including its transfer. */
const LIST_AGE_MS_MAX = 1_200;

/** Whether a room exists. It counts as existing if the list cannot be loaded. A list may be a second old. */
async function isThere(room) {
  const has = (rooms) => rooms.some((other) => other.id === room);
  const isListed = () => listRooms({ url: playUrl() }).then(has, () => true);
  if (await isListed()) return true;
  await new Promise((resolve) => setTimeout(resolve, LIST_AGE_MS_MAX));
  return isListed();
}

document.body.classList.toggle("home", isHome());
comeBack().then((isBack) => isBack || arrive());

// For tests and for debugging.
Object.defineProperty(window, "tickwirePage", {
  value: {
    get client() {
      return client;
    },
    get drawn() {
      return game.drawn;
    },
    ships: () => game.shipsOnScreen(),
  },
});
