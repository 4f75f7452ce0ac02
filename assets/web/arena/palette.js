// Colours of the arena. One's own ship has a colour that nobody else gets, and a ring, so that it differs in shape too.

export const OWN = "#5ef2ff";
const OTHERS = [
  "#ff7a70", "#ffb14d", "#f5e05a", "#a8e05f", "#5fdc9a", "#7fa6ff", "#b693ff", "#ef8bf0", "#ff86b0", "#d7b08a",
];

/** The colour of a player. */
export const colourOf = (player, own) => (own ? OWN : OTHERS[(player * 7) % OTHERS.length]);

export const COLOURS = {
  ground: "#070a11", floor: "#101827", grid: "rgb(148 178 230 / 6%)", wall: "#26344c", edge: "#5e7db0",
  shadow: "rgb(0 0 0 / 38%)", health: "#5fe08a", rapid: "#ffc857", text: "#e8eefb", hurt: "#ff4d5e",
};
