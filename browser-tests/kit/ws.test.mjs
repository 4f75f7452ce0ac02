// The `ws` package in place of a browser's WebSocket, and what a client reports about a server that refuses
// it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import { connect, TickwireError } from "../../pages/web/tickwire.js";
import { openStage, until } from "../../client-web/tests/joining.mjs";

const ELSEWHERE = "https://elsewhere.example";

let stage;
let closed;
before(async () => {
  stage = await openStage();
  closed = await openStage("--allowed-origins", ELSEWHERE);
});
after(() => Promise.all([stage.stop(), closed.stop()]));

const from = (origin) => (url, protocol) => new WebSocket(url, protocol, { origin });
const refusal = (options) => connect(options).then(() => assert.fail("the join succeeded"), (error) => error);

test("a client on ws plays, is cut, comes back and leaves", async () => {
  let socket;
  const transport = (url, protocol) => (socket = new WebSocket(url, protocol));
  const ada = await stage.join("ada", { fresh: true });
  const bob = await stage.join("bob", { room: ada.room, transport });
  await until(() => bob.entities().some((entity) => entity.own), "bob's ship is there");
  const back = new Promise((resolve) => bob.on("resumed", resolve));
  socket.terminate();
  await back;
  bob.close();
  await until(() => ada.roster.length === 1, "bob left");
});

test("a join on ws that is cancelled at any moment leaves no player behind", async () => {
  const ada = await stage.join("ada", { fresh: true });
  for (let turn = 0; turn < 30; turn += 1) {
    const ends = new AbortController();
    let sent = 0;
    const transport = (url, protocol) => {
      const socket = new WebSocket(url, protocol);
      const send = socket.send.bind(socket);
      socket.send = (bytes) => {
        send(bytes);
        sent += 1;
        if (sent === 2) setTimeout(() => ends.abort(), turn % 10);
      };
      return socket;
    };
    const came = await stage
      .join("ghost", { room: ada.room, transport, signal: ends.signal })
      .catch((error) => error);
    if (!(came instanceof Error)) await until(() => came.state === "closed", "the signal ends it");
  }
  await until(() => ada.roster.length === 1, "all have left");
});

test("a client from a forbidden origin learns the reason, and is advised to stop", async () => {
  const options = { ...closed.options(), fresh: true };
  const error = await refusal({ ...options, transport: from("https://evil.example") });
  assert.ok(error instanceof TickwireError);
  assert.deepEqual(
    [error.code, error.reason, error.advice, error.by_server],
    [1008, "refused", "stop", false],
  );
  assert.match(error.text, /allowed_origins/);
  const let_in = await closed.join("ada", { transport: from(ELSEWHERE), fresh: true });
  assert.equal(let_in.state, "playing");
});

test("in a browser, a plain request to the server tells why there was no WebSocket", async () => {
  const asked = [];
  let status = 403;
  const server = createServer((request, response) => {
    asked.push(request.method);
    response.writeHead(status, { "access-control-allow-origin": "*" }).end("no");
  });
  server.on("upgrade", (_, socket) =>
    socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { transport, ...options } = stage.options();
  const url = `ws://127.0.0.1:${server.address().port}/play`;
  const before = globalThis.WebSocket;
  // As in a browser, which does not report the answer.
  globalThis.WebSocket = class {
    constructor(...to) {
      return transport(...to);
    }
  };
  try {
    const answers = {
      403: ["refused", "stop"],
      426: ["refused", "stop"],
      429: ["try_later", "retry"],
      503: ["try_later", "retry"],
      500: ["unreachable", "retry"],
      502: ["unreachable", "retry"],
      200: ["refused", "stop"],
      400: ["refused", "stop"],
      401: ["refused", "stop"],
      404: ["refused", "stop"],
    };
    for (const [answer, [reason, advice]] of Object.entries(answers)) {
      status = Number(answer);
      const error = await refusal({ ...options, url, keep: false });
      assert.deepEqual([error.reason, error.advice], [reason, advice], answer);
      const is_other = reason === "refused" && answer !== "403" && answer !== "426";
      if (is_other) {
        assert.ok(
          error.text.includes(answer) && error.text.includes(url) && error.text.includes("path"),
          error.text,
        );
      }
    }
    assert.deepEqual(new Set(asked), new Set(["GET"]));
    status = 301;
    const moved = await refusal({ ...options, url, transport: (...to) => new WebSocket(...to) });
    assert.deepEqual([moved.reason, moved.advice, /301/.test(moved.text)], ["refused", "stop", true]);
    server.close();
    assert.equal((await refusal({ ...options, url })).reason, "unreachable", "no server answers");
  } finally {
    if (before === undefined) delete globalThis.WebSocket;
    else globalThis.WebSocket = before;
  }
});
