// Uses everything that tickwire.d.ts exports, as the documentation does. It is not run; types.test.mjs checks
// its types.
import {
  connect,
  DecodeError,
  listRooms,
  Reader,
  resume,
  TickwireError,
  Writer,
  type Client,
  type ClientEvents,
  type ClientStatistics,
  type CloseReason,
  type ConnectOptions,
  type Controls,
  type EntityView,
  type Field,
  type InputTrace,
  type Invite,
  type Match,
  type NetworkOptions,
  type SeatStore,
  type RoomListing,
  type RoomStateView,
  type RosterEntry,
  type Schema,
  type Transport,
} from "/tickwire.js";
import { WebSocket as NodeWebSocket } from "ws";

declare function draw(x: number, y: number, heading: number, own: boolean): void;

// Anything that works like a WebSocket can carry a session.
const inBrowser: Transport = new WebSocket("wss://game.example/play", "tickwire.v1");
const inNode: Transport = new NodeWebSocket("wss://game.example/play", "tickwire.v1");
const byHand: Transport = {
  binaryType: "arraybuffer",
  onopen: null,
  onmessage: null,
  onclose: null,
  onerror: null,
  send(data: Uint8Array) {
    this.onmessage?.({ data: data.slice().buffer });
  },
  close(code?: number, reason?: string) {
    this.onclose?.({ code: code ?? 1000, reason: reason ?? "" });
  },
};
const transports: NonNullable<ConnectOptions["transport"]>[] = [
  (url, protocol) => new WebSocket(url, protocol),
  (url, protocol) => new NodeWebSocket(url, protocol, { origin: "https://game.example" }),
  () => byHand,
];

const lag: NetworkOptions = { delay_ms: 40, jitter_ms: 10 };
const keep: SeatStore = sessionStorage;
const match: Match = { ranges: { rank: [900, 1100] }, order: { lowest: "rank" }, existing: true };
const forFriends: Invite = { uses: 3, valid_s: 600 };
const ends = new AbortController();
const options: ConnectOptions = {
  url: new URL("https://game.example/play"),
  game: "arena",
  name: "Ada",
  role: "player",
  room: "abcd0123",
  create: { map: "duel", bots: 4 },
  fresh: false,
  wasm: "/arena.wasm",
  network: lag,
  transport: transports[0],
  signal: ends.signal,
  keep,
  match,
  parameters: { team: "red" },
  password: "sesame",
  invitation: "abc",
  places: 2,
};

export async function play(): Promise<Client> {
  const rooms: RoomListing[] = await listRooms({ url: "play", game: "arena", signal: ends.signal });
  const [first] = rooms;
  if (first?.access === "open") console.log(first.id, first.players, first.metadata.map, first.options.map);
  let client: Client;
  try {
    client = (await resume(options)) ?? (await connect({ ...options, room: first?.id, keep: true }));
  } catch (error) {
    if (error instanceof TickwireError) {
      const close: CloseReason = error;
      console.log(
        close.code,
        close.reason,
        close.text,
        close.advice === "retry" ? close.retry_after_ms : close.by_server,
      );
    }
    throw error;
  }
  const controls: Controls = { move_x: 127, aim: Math.PI, fire: true, weapon: "rocket", pos: { x: 1, y: 2 } };
  client.input(controls);
  client.command({ Emote: 3 });
  client.command({ Pay: { account: 2n ** 63n } });
  client.command("Surrender");
  const own: EntityView | undefined = client.entity(client.entityId);
  const state: RoomStateView | null = client.roomState();
  if (state !== null) document.title = `${state.kind}: ${state.phase}`;
  requestAnimationFrame(function frame(now) {
    for (const ship of client.entities(now)) {
      draw(ship.pos.x, ship.pos.y, ship.heading, ship.own && ship === own);
    }
    requestAnimationFrame(frame);
  });
  client.follow(client.player);
  client.follow(null);
  const invitation: string | null = await client.invite(forFriends);
  console.log(invitation);
  client.network(lag);
  const statistics: ClientStatistics = client.stats();
  const roster: readonly RosterEntry[] = client.roster;
  const schema: Schema = client.schema;
  const fields: readonly Field[] = schema.kinds[0]?.fields ?? schema.input;
  console.log(
    statistics.rtt_ms,
    roster[0]?.name,
    fields[0]?.choices,
    client.room,
    client.state,
    client.tick,
    client.tickRate,
    client.builtIn,
  );
  console.log(client.settings, client.stateHash());
  listen(client);
  return client;
}

function listen(client: Client): void {
  const line = (life: InputTrace) => console.log(life.shown_ms, life.received_ms);
  const stops = [
    client.on("event", (event) => event.type === "Killed" && console.log(event.by, "destroyed", event.of)),
    client.on("player-joined", ({ player, entity, name }) => console.log(player, entity, name)),
    client.on("player-left", ({ name }) => console.log(name)),
    client.on("player-changed", ({ entity }) => console.log(entity)),
    client.on("events-dropped", ({ count }) => console.log(count)),
    client.on("cut", ({ grace_left_ms, retry_in_ms, attempt }) =>
      console.log(grace_left_ms, retry_in_ms, attempt),
    ),
    client.on("resumed", ({ attempts, away_ms }) => console.log(attempts, away_ms)),
    client.on("idle-warning", ({ closes_in_ms }) => console.log(closes_in_ms)),
    client.on("input-trace", line),
    client.on("closed", ({ code, text, advice }) => console.log(code, text, advice)),
  ];
  const names: (keyof ClientEvents)[] = ["event", "cut"];
  for (const name of names) client.on(name, () => client.close());
  for (const stop of stops) stop();
}

/** A game without a core of its own. */
export function decode(bytes: Uint8Array): bigint {
  const from = new Reader(bytes);
  const small: number = from.u8() + from.i8() + from.varint() + from.zigzag() + from.f32() + from.f64();
  const big: bigint = from.u64() + from.i64();
  const names: string[] = from.list((from) => from.text());
  const maybe: Uint8Array | null = from.option((from) => from.bytes());
  if (!from.bool() || !from.done) throw new DecodeError(`${small} ${names} ${maybe}`);
  return big;
}

export const encode = (account: bigint): Uint8Array =>
  new Writer()
    .u8(1)
    .i8(-1)
    .bool(true)
    .varint(300)
    .zigzag(-300)
    .u64(account)
    .u64(5)
    .i64(-account)
    .f32(0.5)
    .f64(0.5)
    .text("Zoë")
    .bytes(Uint8Array.of(1))
    .option(null, (to, value: number) => to.varint(value))
    .list([1, 2], (to, value) => to.varint(value))
    .done();

// The compiler reports errors.
export async function wrong(client: Client): Promise<void> {
  // @ts-expect-error: no such event
  client.on("joined", () => {});
  // @ts-expect-error: a clock is a number
  client.entities(5n);
  // @ts-expect-error: no such role
  await connect({ role: "spectater" });
  // @ts-expect-error: no such option
  await connect({ rom: "abcd0123" });
  // @ts-expect-error: an object
  client.network(40);
  // @ts-expect-error: `u64` reads it
  const account: bigint = new Reader(new Uint8Array()).varint();
  console.log(account, inBrowser, inNode);
}
