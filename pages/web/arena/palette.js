// Colours of the arena. The player's own ship has a colour that no other ship gets, and a ring, so that it
// differs in shape, too.

export const OWN = "#5ef2ff";
const OTHERS = [
  "#ff7a70", "#ffb14d", "#f5e05a", "#a8e05f", "#5fdc9a", "#7fa6ff", "#b693ff", "#ef8bf0", "#ff86b0",
  "#d7b08a",
];

/** The colour of a player. */
export const colourOf = (player, own) => (own ? OWN : OTHERS[(player * 7) % OTHERS.length]);

export const COLOURS = {
  ground: "#070a11",
  floor: "#0f1726",
  grid: "rgb(148 178 230 / 7%)",
  marks: "rgb(148 178 230 / 22%)",
  wall: "#2a3958",
  side: "#18223a",
  edge: "#6f92cc",
  shadow: "rgb(0 0 0 / 36%)",
  health: "#5fe08a",
  rapid: "#ffc857",
  text: "#e8eefb",
  hurt: "#ff4d5e",
};

const GLOW_PIXELS = 64;
const glows = new Map();

/** A soft round light of a colour, to be drawn with `drawImage`: made once per colour. */
export function glowOf(colour) {
  if (!glows.has(colour)) glows.set(colour, makeGlow(colour));
  return glows.get(colour);
}

function makeGlow(colour) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = GLOW_PIXELS;
  const context = canvas.getContext("2d");
  const half = GLOW_PIXELS / 2;
  const light = context.createRadialGradient(half, half, 0, half, half, half);
  light.addColorStop(0, "#ffffff");
  light.addColorStop(0.18, colour);
  light.addColorStop(0.45, `${colour}55`);
  light.addColorStop(1, `${colour}00`);
  context.fillStyle = light;
  context.fillRect(0, 0, GLOW_PIXELS, GLOW_PIXELS);
  return canvas;
}
