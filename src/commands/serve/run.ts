import { isIP } from 'node:net';
import type { CommandContext, GlobalValues, OptionValues, Outcome } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { readTextFile } from '../../model/base/text-file.js';
import { loadCoca } from '../../model/store/load.js';
import type { Place } from '../../server/listen.js';
import { startServer } from '../../server/server.js';
import { safeJson } from '../../ui/text.js';
import { loadOptions, type ModelOption } from '../io/model.js';
import { OPERATIONS } from './operations.js';
import type { SERVE_OPTIONS } from './options.js';

export type ServeValues = OptionValues<typeof SERVE_OPTIONS> & GlobalValues<ModelOption | 'json' | 'quiet' | 'verbose'>;

const MEGA = 1_000_000;
const MOST_TOKEN_BYTES = 4096;

/** Serves until a signal ends it. */
export async function runServer(options: ServeValues, context: CommandContext): Promise<Outcome> {
  const { signal } = context;
  const { model: _, ...how } = loadOptions(options);
  const place = placeOf(options);
  const token = await tokenOf(options.tokenFile, process.env);
  requireSafe(place, token);
  const log = options.quiet ? () => undefined : (line: string) => void process.stderr.write(line);
  const server = await startServer({
    place,
    token,
    models: options.models.length > 0 ? namesOf(options.models) : [options.model],
    how: { ...how, onNotice: context.notice, onDetail: context.detail },
    load: loadCoca,
    operations: OPERATIONS,
    batch: options.batch,
    queue: options.queue,
    timeoutMs: options.timeout * 1000,
    maxBody: Math.floor(options.maxBody * MEGA),
    maxPixels: options.maxPixels * MEGA,
    sources: { allowPath: options.allowPath, allowUrl: options.allowUrl },
    log,
  });
  const { address, models } = server;
  const ready = { address, pid: process.pid, models: models.names };
  await context.out.line(options.json ? safeJson(ready) : address);
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  const stopped = await server.close(options.grace * 1000);
  if (stopped > 0)
    context.complain(`${stopped} requests were not done within --grace ${options.grace}, and were handed back`);
  return { done: 1, failed: 0 };
}

/** Names with commas between, and repeated options. */
export const namesOf = (models: readonly string[]): string[] =>
  models.flatMap((names) => names.split(',').map((name) => name.trim()));

export function placeOf({ socket, host = '127.0.0.1', port }: Pick<ServeValues, 'socket' | 'host' | 'port'>): Place {
  return socket === undefined ? { host, port } : { socket };
}

/** @throws CocaError `usage` for a server that anyone on the network could ask */
function requireSafe(place: Place, token: string | undefined): void {
  if ('socket' in place || token !== undefined || isLoopback(place.host)) return;
  throw new CocaError(
    'usage',
    `--host ${place.host} opens the server to others, and there is no token`,
    'put one into a file and name it: --token-file FILE, or set $COCA_SERVER_TOKEN',
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** @throws CocaError `usage` for a token that is none; as reading a file does */
async function tokenOf(file: string | undefined, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const given = file === undefined ? env.COCA_SERVER_TOKEN : await readTextFile(file, 'a token', MOST_TOKEN_BYTES);
  if (given === undefined || (file === undefined && given === '')) return undefined;
  const token = given.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const where = file === undefined ? '$COCA_SERVER_TOKEN' : file;
  throw new CocaError('usage', `${where} holds no token`, 'a token is one word of letters, digits and signs');
}
