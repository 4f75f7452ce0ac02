// A reverse proxy like those of operators: it forwards paths below a prefix without the prefix, and answers
// 404 to all others.

import { once } from "node:events";
import http from "node:http";

/** Returns `{ page, strays, stop }`; `strays` are requested paths outside the prefix. */
export async function startProxy(target, prefix) {
  const { hostname, port } = new URL(target);
  const strays = [];
  const onward = (request) => {
    if (!request.url.startsWith(prefix)) {
      strays.push(request.url);
      return null;
    }
    const path = request.url.slice(prefix.length - 1);
    return http.request({ hostname, port, path, method: request.method, headers: request.headers });
  };
  const server = http.createServer((request, response) => {
    const far = onward(request);
    if (far === null) return response.writeHead(404).end();
    far.on("response", (answer) => answer.pipe(response.writeHead(answer.statusCode, answer.headers)));
    far.on("error", () => response.destroy());
    request.pipe(far);
  });
  server.on("upgrade", (request, socket) => {
    const far = onward(request);
    if (far === null) return socket.end("HTTP/1.1 404 Not Found\r\n\r\n");
    far.on("upgrade", (answer, there) => {
      const lines = answer.rawHeaders.map((text, at) => (at % 2 ? `${text}\r\n` : `${text}: `));
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
      socket.pipe(there).pipe(socket);
      socket.on("error", () => there.destroy());
      there.on("error", () => socket.destroy());
    });
    far.on("response", () => socket.destroy());
    far.on("error", () => socket.destroy());
    far.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: own } = server.address();
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { page: `http://127.0.0.1:${own}${prefix}`, strays, stop };
}
