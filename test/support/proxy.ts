import { createServer, request as send } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A proxy that passes plain requests on, and remembers them. */
export async function forwardProxy(): Promise<{
  readonly url: string;
  readonly requests: readonly { readonly url: string; readonly authorization: string | undefined }[];
  readonly stop: () => Promise<void>;
}> {
  const requests: { url: string; authorization: string | undefined }[] = [];
  const server = createServer((request, reply) => {
    const { 'proxy-authorization': authorization, ...headers } = request.headers;
    requests.push({ url: request.url!, authorization });
    const onward = send(request.url!, { method: request.method!, headers }, (answer) => {
      reply.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(reply);
    });
    onward.on('error', () => reply.destroy());
    reply.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A proxy that opens tunnels to wherever it is asked to, and remembers where that was. */
export async function tunnel(): Promise<{
  readonly url: string;
  readonly targets: readonly string[];
  readonly stop: () => Promise<void>;
}> {
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', (request, client: Socket) => {
    targets.push(request.url!);
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
