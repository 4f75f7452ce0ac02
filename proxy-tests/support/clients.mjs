// Clients of a proxy, from an address of their own, so that the proxy's and theirs differ.
import { once } from "node:events";
import http2 from "node:http2";
import https from "node:https";
import tls from "node:tls";
import { Socket } from "../../client-web/tests/socket.mjs";

/** From where the clients come. */
export const CLIENT = "127.0.0.77";

const connectTls = (url, ca, protocols, onOpen) => {
  const port = Number(new URL(url).port);
  const to = { host: "127.0.0.1", port, localAddress: CLIENT, servername: "localhost", ca };
  return tls.connect({ ...to, ALPNProtocols: protocols }, onOpen);
};

/** The answer to GET over HTTP/1.1: `{ status, headers, text }`. */
export function get(url, ca, headers = {}) {
  return new Promise((resolve, reject) => {
    const createConnection = () => connectTls(url, ca, ["http/1.1"]);
    const request = https.request(url, { headers, createConnection }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (more) => (text += more));
      response.on("end", () => {
        request.socket.destroy();
        resolve({ status: response.statusCode, headers: response.headers, text });
      });
    });
    request.on("error", reject).end();
  });
}

/** A transport for `connect` over HTTP/1.1; `headers` are further lines of its handshake. */
export const overHttp1 = (ca, headers) => (url, protocol) =>
  new Socket(url, protocol, { dial: (to, onOpen) => connectTls(to, ca, ["http/1.1"], onOpen), headers });

/** An HTTP/2 session, or null if the proxy does not agree to it. */
export async function openHttp2(url, ca) {
  const socket = connectTls(url, ca, ["h2", "http/1.1"]);
  await once(socket, "secureConnect");
  if (socket.alpnProtocol !== "h2") {
    socket.destroy();
    return null;
  }
  const session = http2.connect(url, { createConnection: () => socket });
  await once(session, "remoteSettings");
  return session;
}

/** A transport for `connect` within an HTTP/2 session (RFC 8441). */
export const overHttp2 = (session) => (url, protocol) => {
  const dial = (to, onOpen) => {
    const { host, pathname } = new URL(to);
    const stream = session.request({
      ":method": "CONNECT", ":protocol": "websocket", ":scheme": "https", ":authority": host,
      ":path": pathname, "sec-websocket-version": "13", "sec-websocket-protocol": protocol,
    });
    stream.on("response", (headers) => (headers[":status"] === 200 ? onOpen() : stream.destroy()));
    return stream;
  };
  return new Socket(url, protocol, { dial, headers: null });
};
