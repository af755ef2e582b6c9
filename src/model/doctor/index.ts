import type { Check, CheckContext } from './check.js';
import { checkCollections } from './collections.js';
import { checkEngines } from './engines.js';
import { checkModels } from './models.js';
import { checkProgram } from './program.js';
import { checkStorage } from './storage.js';

export type { Check, CheckContext } from './check.js';

/** Everything that can be looked at without a terminal and without the network, each as soon as it is known. */
export async function* examine(context: CheckContext): AsyncGenerator<Check> {
  yield* checkProgram();
  yield* checkEngines(context);
  yield* checkModels(context);
  yield* checkStorage();
  yield* checkCollections();
}
