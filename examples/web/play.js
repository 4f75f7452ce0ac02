// A page for the steps in which a player goes somewhere, and that is all: 01, 04 and 08.
import { disc, drawField, join, say, steer } from "./ladder.js";

/** The radius of a disc as a part of the field's width, and a colour for each kind of entity. */
const LOOKS = {
  dots: { radius: 0.012, colours: { dot: "#8a94a6" } },
  pasture: { radius: 0.005, colours: { dog: "#ffb14d", sheep: "#e8eefb" } },
  pond: { radius: 0.004, colours: { fish: "#5ec8ff" } },
};

const { games } = await (await fetch("api/rooms")).json();
const game = games.find((name) => name in LOOKS);
const { radius, colours } = LOOKS[game];
document.title = document.getElementById("title").textContent = game;

const client = await join(game);
steer(client);
drawField(client, (context, { kind, own }, x, y) => disc(context, x, y, radius, colours[kind], own));
say("Arrows or WASD: go.");
