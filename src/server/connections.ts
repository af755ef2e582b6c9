import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** How many connections may be open that ask for nothing; more cost the oldest its own. */
const MOST_IDLE = 512;

/** Keeps connections that ask for nothing few, so that thousands of them leave room for those who ask. */
export function boundIdleConnections(server: Server): void {
  // In the order in which they became idle.
  const idle = new Set<Socket>();
  const isNow = (socket: Socket): void => {
    idle.delete(socket);
    idle.add(socket);
    if (idle.size <= MOST_IDLE) return;
    const [oldest] = idle;
    idle.delete(oldest!);
    oldest!.destroy();
  };
  server.on('connection', (socket) => {
    isNow(socket);
    socket.once('close', () => idle.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    idle.delete(socket);
    response.once('close', () => {
      if (!socket.destroyed) isNow(socket);
    });
  });
}
