import { CocaError } from '../../model/base/errors.js';
import type { LoadedCoca, LoadOptions } from '../../model/store/load.js';
import { wantedModel } from '../../model/store/locate.js';
import { Connection, type ServerPlace } from './connection.js';
import { identityOf, isSame, type ModelIdentity, toldIdentity } from './identity.js';
import { CALLS_PATH, type ModelFiles, type ServedModel } from './protocol.js';
import { RemoteCoca } from './remote-coca.js';
import { announced } from './runtime-file.js';
import { PACKED, pack, unpack } from './wire.js';

/** A server that may be asked. */
interface Found extends ServerPlace {
  /** Whether the user named it; else it is one that runs in the background. */
  readonly isNamed: boolean;
}

/** The server that `$COCA_SERVER` names, else the one that runs in the background. */
async function findServer(env: NodeJS.ProcessEnv): Promise<Found | undefined> {
  const { COCA_SERVER: named, COCA_SERVER_TOKEN: token } = env;
  if (named) {
    if (/^(unix:.|https?:\/\/.)/.test(named)) return { address: named, token, isNamed: true };
    const hint = 'http://127.0.0.1:2622, or unix:/path/of/a/socket; coca serve prints its own';
    throw new CocaError('usage', `$COCA_SERVER is no address of a server: ${named}`, hint);
  }
  const facts = await announced(env);
  return facts && { address: facts.address, token, isNamed: false };
}

/** A model that is not on this machine. */
interface Absent {
  /** What is said of it. */
  readonly error: CocaError;
}

/**
 * The model that options mean, where a server has it loaded: the same weights, config, tokenizer, precision, engine, device and
 * pixels. One that is not on this machine is the one of its name at a server that the user named.
 * @param how `onlyTexts`: it is asked for the texts of captions alone. Then it has no tokenizer, which takes a tenth of such a command's time.
 * @returns nothing where it is to be loaded here
 * @throws CocaError `usage` for a `$COCA_SERVER` that is none, `network` for one that does not answer; as locating the model
 */
export async function servedModel(
  options: LoadOptions,
  { onlyTexts = false }: { readonly onlyTexts?: boolean } = {},
): Promise<LoadedCoca | undefined> {
  const found = await findServer(process.env);
  if (found === undefined) return undefined;
  const connection = new Connection(found);
  try {
    const [here, all] = await Promise.all([identityOf(options).catch(absent), describedBy(connection, found)]);
    const own = 'error' in here ? await toldOf(here, options, all, connection, found) : here;
    const served = all.find((one) => isSame(one, own, options, found.isNamed));
    if (served !== undefined) {
      for (const { text, isDetail } of served.remarks) (isDetail ? options.onDetail : options.onNotice)?.(text);
      options.onDetail?.(`${found.address} has it loaded`);
      return new RemoteCoca(connection, own, served, onlyTexts ? undefined : await own.loadTokenizer());
    }
    const names = all.map(({ name, precision, device }) => `${name} (${precision}, ${device})`);
    const said = `${found.address} serves ${names.join(', ')} and not ${own.name} as it is asked for: it is loaded here`;
    (found.isNamed ? options.onNotice : options.onDetail)?.(said);
    connection.close();
    return undefined;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** What it serves; of one in the background that does not answer, nothing. */
async function describedBy(connection: Connection, { isNamed }: Found): Promise<readonly ServedModel[]> {
  try {
    return JSON.parse((await connection.ask(CALLS_PATH)).toString('utf8')) as readonly ServedModel[];
  } catch (error) {
    if (isNamed) throw error;
    return [];
  }
}

/** @throws CocaError anything but that the model is not there */
function absent(error: unknown): Absent {
  if (error instanceof CocaError && error.code === 'not-found') return { error };
  throw error;
}

/**
 * What a server tells of a model that is not on this machine.
 * @throws CocaError `not-found` where it does not have that either, as it is asked for
 */
async function toldOf(
  { error }: Absent,
  options: LoadOptions,
  all: readonly ServedModel[],
  connection: Connection,
  { isNamed, address }: Found,
): Promise<ModelIdentity> {
  const { name, chosenBy, precision } = await wantedModel(options.model);
  const named = all.find((one) => one.name === name);
  // Another config than its own lies here, and the server was not asked to take it.
  if (!isNamed || named === undefined || options.config !== undefined) throw error;
  const files = unpack(
    await connection.ask(`${CALLS_PATH}/files`, { type: PACKED, bytes: pack({ model: name }) }),
  ) as ModelFiles;
  const told = toldIdentity(named, files, chosenBy);
  const wanted = { ...told, precision: options.precision ?? precision ?? told.precision };
  if (isSame(named, wanted, options, isNamed)) {
    options.onDetail?.(`${name} is not on this machine: it is asked of ${address}`);
    return wanted;
  }
  const { message, hint } = error;
  const served = `${address} has it in ${named.precision} on ${named.device} with pixels ${named.pixels}`;
  throw new CocaError('not-found', `${message}; ${served}, and it is asked for otherwise`, hint, { cause: error });
}
