import type { CommandContext } from '../../../cli/command.js';
import { CocaError, stopIfAborted } from '../../../model/base/errors.js';
import { contextLength } from '../../../model/config/config.js';
import { decodingOptions } from '../../../model/decoding/index.js';
import type { Means } from '../../../model/interventions/changes.js';
import { type CaptionedPicture, meanActivations } from '../../../model/interventions/means.js';
import { parseSites, type Site } from '../../../model/interventions/sites.js';
import { bundledScenes } from '../../../model/scenes/bundled.js';
import type { LoadedCoca } from '../../../model/store/load.js';
import { pictures } from '../pictures.js';
import { walkImages } from '../sources.js';
import type { AblationValues } from './ablation.js';

/**
 * A model without the sites that the options name. It is closed with the model that it is made of, and not by itself.
 * @throws CocaError `usage` for a site that it does not have, naming those that there are
 */
export async function ablatedModel(
  coca: LoadedCoca,
  { ablate, ablateWith, ablateOver }: AblationValues & { readonly ablate: string },
  context: CommandContext,
): Promise<LoadedCoca> {
  const sites = parseSites(ablate, coca.config);
  if (ablateWith !== 'mean') return coca.without(sites);
  requireMeans(sites, coca);
  return coca.without(sites, await meansOf(coca, ablateOver, context));
}

function requireMeans(sites: readonly Site[], { config }: LoadedCoca): void {
  if (config.multimodal || sites.every(({ tower }) => tower !== 'text')) return;
  throw new CocaError(
    'usage',
    'the mean of a site of the text tower is over captions, and this model writes none',
    '--ablate-with zero takes it out',
  );
}

/** Means over the pictures of a name. A session keeps its models, and these with them. */
const known = new WeakMap<LoadedCoca, Map<string | undefined, Means>>();

/**
 * What the sites of a model give on average.
 * @param over names of pictures; the scenes that come with the program where none are named
 * @throws CocaError for a picture that cannot be read; `interrupted`
 */
export async function meansOf(coca: LoadedCoca, over: string | undefined, context: CommandContext): Promise<Means> {
  const means = known.get(coca) ?? new Map<string | undefined, Means>();
  known.set(coca, means);
  const found = means.get(over) ?? (await computeMeans(coca, over, context));
  means.set(over, found);
  return found;
}

async function computeMeans(coca: LoadedCoca, over: string | undefined, context: CommandContext): Promise<Means> {
  const { names, count } =
    over === undefined ? await scenes() : walkImages({ images: [over], files: [], files0: [] }, context.stdin);
  const means = await meanActivations(coca, captioned(names, count, coca, context));
  context.status.clear();
  return means;
}

async function scenes(): Promise<ReturnType<typeof walkImages>> {
  const images = await bundledScenes();
  async function* names(): AsyncGenerator<string> {
    yield* images;
  }
  return { names: names(), count: () => images.length };
}

/** Pictures with the captions that the model finds for them by greedy search. */
async function* captioned(
  names: AsyncGenerator<string>,
  count: () => number | undefined,
  coca: LoadedCoca,
  context: CommandContext,
): AsyncGenerator<CaptionedPicture> {
  let at = 0;
  for await (const item of pictures(names, coca, context, 2)) {
    if ('error' in item) throw item.error;
    stopIfAborted(context.signal);
    context.status.show(`the mean of what sites give: picture ${++at}${count() === undefined ? '' : ` of ${count()}`}`);
    const { picture } = item;
    if (!coca.config.multimodal) {
      yield { picture, ids: [] };
      continue;
    }
    const greedy = decodingOptions({ strategy: 'greedy' }, { contextLength: contextLength(coca.config) });
    const { captions } = await coca.caption(await coca.encodeImages([picture]), greedy, { signal: context.signal });
    yield { picture, ids: captions[0]![0]!.ids };
  }
}
