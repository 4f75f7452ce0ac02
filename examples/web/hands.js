// A page for step 6. It knows the cards of its own player only: for the others, the server sends none.
import { Reader, Writer } from "./tickwire.js";
import { join, nameOf, say } from "./ladder.js";

const SUITS = ["clubs", "diamonds", "hearts", "spades"];
const SIGNS = ["♣", "♦", "♥", "♠"];
const RANKS = ["2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K", "A"];
// enum Why, in the order of its variants
const WHY = ["It is not your turn.", "You do not hold that card.", "You must follow suit."];

const client = await join("tricks");
client.on("event", (bytes) => {
  const from = new Reader(bytes); // enum News { Taken { by }, Refused(Why) }
  if (from.varint() === 0) say(`The trick goes to ${nameOf(client, from.varint())}.`);
  else say(WHY[from.varint()]);
});

/** Asks for a move: enum Command { Play(Card) }, struct Card { suit, rank }. */
const play = (suit, rank) => client.command(new Writer().varint(0).varint(suit).u8(rank).done());

function card(tag, suit, rank) {
  const element = document.createElement(tag);
  element.className = suit === 1 || suit === 2 ? "card red" : "card";
  element.textContent = RANKS[rank] + SIGNS[suit];
  return element;
}

function place(hand, turn) {
  const { player } = client.roster.find(({ entity }) => entity === hand.id) ?? { player: 0 };
  const item = document.createElement("li");
  item.className = player === turn ? "turn" : "";
  const played = card("div", SUITS.indexOf(hand.suit), hand.rank);
  if (!hand.on_table) [played.className, played.textContent] = ["card none", ""];
  item.append(nameOf(client, player), played, `${hand.cards_left} cards, ${hand.tricks} tricks`);
  return item;
}

function ownCards(hand, isUp) {
  const held = SUITS.flatMap((name, suit) =>
    RANKS.flatMap((_, rank) => (hand[name] & (1 << rank) ? [{ suit, rank }] : [])));
  return held.map(({ suit, rank }) => {
    const button = card("button", suit, rank);
    button.disabled = !isUp;
    button.addEventListener("click", () => play(suit, rank));
    return button;
  });
}

function turnText({ turn, ticks_left }) {
  const seconds = Math.ceil(ticks_left / client.tickRate);
  if (turn === client.player) return `Your turn: ${seconds} s`;
  if (turn !== 0) return `${nameOf(client, turn)} plays: ${seconds} s`;
  return client.roster.length < 2 ? "Open this page in a second tab: two play at least." : "…";
}

let shown = "";
requestAnimationFrame(function frame(now) {
  const table = client.roomState();
  const hands = client.entities(now);
  if (table !== null) {
    document.getElementById("turn").textContent = turnText(table);
    // Only when something has changed: a button that is replaced loses its focus.
    const next = JSON.stringify([table.turn, hands, client.roster]);
    if (next !== shown) {
      shown = next;
      document.getElementById("table").replaceChildren(...hands.map((hand) => place(hand, table.turn)));
      const own = hands.find((hand) => hand.own);
      const cards = own === undefined ? [] : ownCards(own, table.turn === client.player);
      document.getElementById("cards").replaceChildren(...cards);
    }
  }
  requestAnimationFrame(frame);
});
