// The page of 07-physics: carts are discs, crates are squares. Lengths are parts of the yard's side.
import { disc, drawField, join, say, steer } from "./ladder.js";

const SIZE = 1 / 20;

const client = await join("yard");
steer(client);
drawField(client, (context, { kind, own, angle }, x, y) => {
  if (kind === "cart") return disc(context, x, y, SIZE / 2, own ? "#5cc8ff" : "#8a94a6", own);
  context.save();
  context.translate(x, y);
  context.rotate(angle);
  context.fillStyle = "#c79a5b";
  context.fillRect(-SIZE / 2, -SIZE / 2, SIZE, SIZE);
  context.restore();
});
say("Arrows or WASD: go. Crates give way.");
