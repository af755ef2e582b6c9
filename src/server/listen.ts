import { stat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { CocaError } from '../model/base/errors.js';

/** Where a server listens. */
export type Place = { readonly socket: string } | { readonly host: string; readonly port: number };

/** How it is reached there: as `$COCA_SERVER` names it. */
export type Address = string;

/** @throws CocaError `usage` for a place that is taken, or that cannot be had */
export async function listenAt(app: FastifyInstance, place: Place): Promise<Address> {
  if ('socket' in place) return listenAtSocket(app, place.socket);
  const { host, port } = place;
  try {
    return await app.listen({ host, port, listenTextResolver: () => `listening on ${host}` });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'another program listens there' : message;
    throw new CocaError('usage', `cannot listen on ${host}:${port}: ${reason}`, '--port 0 takes one that is free', {
      cause,
    });
  }
}

async function listenAtSocket(app: FastifyInstance, path: string): Promise<Address> {
  await removeStale(path);
  // It is there with these rights from the beginning: no one else can connect, not even for a moment.
  const before = process.umask(0o177);
  try {
    await app.listen({ path, listenTextResolver: () => 'listening on a socket' });
  } catch (cause) {
    throw new CocaError('usage', `cannot listen on ${path}: ${(cause as Error).message}`, 'name another --socket', {
      cause,
    });
  } finally {
    process.umask(before);
  }
  return `unix:${path}`;
}

/**
 * A socket that a killed server left is taken away.
 * @throws CocaError `usage` for one that is answered at, and for a file that is none
 */
async function removeStale(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new CocaError('usage', `${path} is there, and is no socket`, 'name another --socket');
  if (await isAnswered(path)) throw new CocaError('usage', `another program listens on ${path}`);
  await unlink(path).catch(() => undefined);
}

const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .once('error', () => resolve(false));
  });
