// The lobby: the player's name, the list of rooms, and a form that creates a room.

import { listRooms } from "../tickwire.js";
import { byId, copy, make, markMore, memory, setCommand, setText, show, toast, wireName } from "./dom.js";
import { botsCommand, linkTo, playUrl } from "./links.js";

const REFRESH_MS = 3000;
const ROOMS_SHOWN_MAX = 50;

export class Lobby {
  #enter;
  #timer = 0;
  #abort = null;
  #room = null;
  #invitation = undefined;

  /**
   * `enter({ name, role, room, invitation, create, password, fresh })` is called when the player wants to
   * join.
   */
  constructor(enter) {
    this.#enter = enter;
    const name = byId("name");
    setCommand(byId("bots-command").firstElementChild, botsCommand());
    name.value = memory.get("name") ?? `Pilot ${100 + Math.floor(Math.random() * 900)}`;
    byId("enter").addEventListener("submit", (event) => {
      event.preventDefault();
      this.go({ role: "player", room: this.#room, invitation: this.#invitation });
    });
    byId("watch").addEventListener("click", () =>
      this.go({ role: "spectator", room: this.#room, invitation: this.#invitation }),
    );
    byId("create-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const { private: isPrivate, ...create } = Object.fromEntries(
        [...new FormData(event.target)].map(([key, value]) => [key, String(value)]),
      );
      this.go({ role: "player", create, password: isPrivate ? unknownPassword() : undefined, fresh: true });
    });
    markMore(byId("rooms"));
    document.addEventListener("visibilitychange", () => !document.hidden && this.#timer && this.#refresh());
  }

  /** Joins with the name in the field, which is remembered. */
  go(wish) {
    const field = byId("name");
    const name = wireName(field.value);
    if (name === "") {
      this.problem("Choose a name first: others see it next to your ship.");
      field.focus();
      return;
    }
    memory.set("name", name);
    this.problem("");
    this.#enter({ ...wish, name });
  }

  /** Shows the list and keeps it fresh; `room` and `invitation` are those of a link. */
  open(room = null, invitation = undefined) {
    this.#room = room;
    this.#invitation = invitation;
    show(byId("invite"), room !== null);
    if (room !== null) setText(byId("invite"), `You are invited to room ${room}.`);
    setText(byId("play"), room === null ? "Play now" : "Join the room");
    this.busy(false);
    this.#stop();
    this.#timer = setInterval(() => this.#refresh(), REFRESH_MS);
    this.#refresh();
  }

  close() {
    this.#stop();
  }

  /** Disables the buttons during a join. */
  busy(busy) {
    for (const button of document.querySelectorAll("#lobby button")) button.disabled = busy;
    if (busy) setText(byId("play"), "Joining …");
  }

  /** Shows what went wrong; an empty text removes the message. */
  problem(text) {
    setText(byId("problem"), text);
    show(byId("problem"), text !== "");
  }

  #stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#abort?.abort();
    this.#abort = null;
  }

  async #refresh() {
    if (document.hidden || this.#abort) return;
    const abort = new AbortController();
    this.#abort = abort;
    try {
      this.#list(await listRooms({ url: playUrl(), game: "arena", signal: abort.signal }));
    } catch {
      if (!abort.signal.aborted) setText(byId("rooms-note"), "The list could not be loaded. Trying again.");
    } finally {
      if (this.#abort === abort) this.#abort = null;
    }
  }

  #list(rooms) {
    const shown = [...rooms].sort((one, other) => other.players - one.players).slice(0, ROOMS_SHOWN_MAX);
    const players = rooms.reduce((sum, room) => sum + room.players, 0);
    setText(
      byId("rooms-count"),
      rooms.length ? `${rooms.length} open, ${players} ${players === 1 ? "player" : "players"}` : "",
    );
    const note = rooms.length === 0 ? "No room is open yet. “Play now” opens the first one." : "";
    setText(
      byId("rooms-note"),
      rooms.length > shown.length ? `… and ${rooms.length - shown.length} more.` : note,
    );
    this.#fill(byId("rooms"), shown);
    for (const id of ["bots-note", "bots-command"]) show(byId(id), players === 0);
  }

  /** Changes the list in place, so that a focused button stays focused. */
  #fill(list, rooms) {
    const lines = new Map([...list.children].map((line) => [line.dataset.room, line]));
    rooms.forEach((room, at) => {
      const line = lines.get(room.id) ?? this.#line(room.id);
      lines.delete(room.id);
      describe(line, room);
      if (list.children[at] !== line) list.insertBefore(line, list.children[at] ?? null);
    });
    for (const line of lines.values()) line.remove();
  }

  #line(room) {
    const about = make("div", { className: "about" }, make("b"), make("small"));
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    bar.setAttribute("class", "fill");
    bar.setAttribute("viewBox", "0 0 100 4");
    bar.setAttribute("preserveAspectRatio", "none");
    const part = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    part.setAttribute("height", "4");
    bar.append(part);
    about.append(bar);
    const join = make("button", { type: "button", className: "primary" }, "Join");
    const watch = make("button", { type: "button" }, "Watch");
    const link = make("button", { type: "button", className: "link", title: "Copy a link to this room" });
    link.append(document.querySelector("#btn-share svg").cloneNode(true));
    link.setAttribute("aria-label", `Copy a link to room ${room}`);
    join.onclick = () => this.go({ role: "player", room });
    watch.onclick = () => this.go({ role: "spectator", room });
    link.onclick = async () => toast((await copy(linkTo(room))) ? "Link copied" : linkTo(room), "good");
    const line = make("li", {}, about, join, watch, link);
    line.dataset.room = room;
    return line;
  }
}

/** A password that nobody knows: the room is open only to those who are invited. */
const unknownPassword = () =>
  [...crypto.getRandomValues(new Uint32Array(6))].map((part) => part.toString(36)).join("");

function describe(line, room) {
  const full = room.players >= room.players_max;
  const isPrivate = room.password || room.access === "invited";
  const { map, round_s, score_limit } = room.options ?? {};
  setText(line.querySelector("b"), room.metadata?.map ?? map ?? "Arena");
  const parts = [`${room.players} of ${room.players_max} players`];
  if (room.spectators > 0) parts.push(`${room.spectators} watching`);
  if (score_limit) parts.push(`first to ${score_limit}`);
  if (round_s) parts.push(`${round_s} s rounds`);
  if (isPrivate) parts.push("by invitation");
  parts.push(room.id);
  setText(line.querySelector("small"), parts.join(" · "));
  line
    .querySelector("rect")
    .setAttribute("width", String((100 * room.players) / Math.max(1, room.players_max)));
  const join = line.querySelector("button");
  setText(join, full ? "Full" : isPrivate ? "Private" : "Join");
  join.disabled = full || isPrivate;
  join.nextElementSibling.disabled = isPrivate;
}
