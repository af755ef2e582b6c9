import { CocaError } from '../../model/base/errors.js';
import type { LoadedCoca, LoadOptions } from '../../model/store/load.js';
import { Connection, type ServerPlace } from './connection.js';
import { identityOf, isSame } from './identity.js';
import { CALLS_PATH, type ServedModel } from './protocol.js';
import { RemoteCoca } from './remote-coca.js';
import { announced } from './runtime-file.js';

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

/**
 * The model that options mean, where a server has it loaded: the same weights, config, precision, engine, device and pixels.
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
    const [own, all] = await Promise.all([identityOf(options), describedBy(connection, found)]);
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
