import type { CommandContext, GlobalName, GlobalValues, ModelSource, WantedModel } from '../../cli/command.js';
import { type CocaConfig, requireCaptioner } from '../../model/config/config.js';
import type { Precision } from '../../model/quantise/precision.js';
import type { LoadedCoca, LoadOptions } from '../../model/store/load.js';
import type { Streams } from '../../ui/view/streams.js';
import { type AblationValues, ablatedOf } from './inside/ablation.js';

/** What tells which model is meant, where it runs, and how pictures are made ready for it. */
export const MODEL_OPTIONS = [
  'model',
  'config',
  'device',
  'engine',
  'precision',
  'pixels',
] as const satisfies GlobalName[];
export type ModelOption = (typeof MODEL_OPTIONS)[number];

/** The global options of every command that runs a model and gives results. */
export const MODEL_GLOBALS = [...MODEL_OPTIONS, 'json', 'jsonl', 'quiet', 'verbose'] as const satisfies GlobalName[];

/** A loaded model that writes captions. */
export type CaptioningCoca = LoadedCoca & { readonly config: CocaConfig };

/** What a command's options say of its model: which one, and, where it takes such options, what it goes without. */
export type ModelValues = GlobalValues<ModelOption> & AblationValues;

/**
 * The source of a single command: each model is loaded when it is asked for, unless a server has it, and closed when it is given
 * back.
 */
export const FRESH_MODELS: ModelSource = {
  async borrow({ mayBeServed, ...options }) {
    if (mayBeServed) {
      const { servedModel } = await import('../../server/remote/served-model.js');
      const served = await servedModel(options, { onlyTexts: mayBeServed === 'texts' });
      if (served) return served;
    }
    const { loadCoca } = await import('../../model/store/load.js');
    return loadCoca(options);
  },
  giveBack: (coca) => coca.close(),
};

/**
 * Borrows the model that the options name, lends it (without what the options take out of it), and gives it back whatever happens.
 * @throws what loading or `work` throws.
 */
export async function withModel<T>(
  options: ModelValues,
  context: CommandContext,
  work: (coca: LoadedCoca) => Promise<T>,
): Promise<T> {
  const coca = await borrowModel(options, context);
  try {
    return await work(await asAsked(coca, options, context));
  } finally {
    await context.models.giveBack(coca);
  }
}

/**
 * `withModel` for what needs a model that writes captions.
 * @param what that is, for the error
 * @throws CocaError `usage` for a dual encoder
 */
export function withCaptioner<T>(
  options: ModelValues,
  context: CommandContext,
  what: string,
  work: (coca: CaptioningCoca) => Promise<T>,
): Promise<T> {
  return withModel(options, context, (coca) => {
    requireCaptioner(coca.config, what);
    return work(coca as CaptioningCoca);
  });
}

/**
 * `withModel` for what is found one after the other: the model is given back when all is found, or no more is asked for.
 * @param mayBeServed see `WantedModel`; no model that something is taken out of may be
 */
export async function* findWithModel<T>(
  options: ModelValues,
  context: CommandContext,
  find: (coca: LoadedCoca) => AsyncIterable<T>,
  mayBeServed: WantedModel['mayBeServed'] = false,
): AsyncGenerator<T> {
  const coca = await borrowModel(options, context, options.ablate === undefined && mayBeServed);
  try {
    yield* find(await asAsked(coca, options, context));
  } finally {
    await context.models.giveBack(coca);
  }
}

/**
 * `findWithModel` for what needs a model that writes captions.
 * @param what as for `withCaptioner`
 * @throws CocaError `usage` for a dual encoder
 */
export function findWithCaptioner<T>(
  options: ModelValues,
  context: CommandContext,
  what: string,
  find: (coca: CaptioningCoca) => AsyncIterable<T>,
  mayBeServed: WantedModel['mayBeServed'] = false,
): AsyncGenerator<T> {
  const findWith = (coca: LoadedCoca): AsyncIterable<T> => {
    requireCaptioner(coca.config, what);
    return find(coca as CaptioningCoca);
  };
  return findWithModel(options, context, findWith, mayBeServed);
}

/** What options say of a model, to load it. */
export function loadOptions({
  model,
  config,
  device,
  engine,
  precision,
  pixels,
}: GlobalValues<ModelOption>): LoadOptions {
  const named = { ...(model !== undefined && { model }), ...(config !== undefined && { config }) };
  return { ...named, device, engine, pixels, ...(precision !== undefined && { precision }) };
}

/** What a result says of a model's precision: nothing where its weights are as its checkpoint has them. */
export function precisionOf({ precision }: Pick<LoadedCoca, 'precision'>): { readonly precision?: Precision } {
  return precision === 'fp32' ? {} : { precision };
}

/** How the model of a result differs from its checkpoint. */
export type Variant = ReturnType<typeof precisionOf> & ReturnType<typeof ablatedOf>;

/** What a result says of that. */
export const variantOf = (coca: Pick<LoadedCoca, 'precision' | 'ablated'>): Variant => ({
  ...precisionOf(coca),
  ...ablatedOf(coca),
});

/** A borrowed model, or what is made of it without the sites that the options name: it is the borrowed one that is given back. */
async function asAsked(coca: LoadedCoca, options: AblationValues, context: CommandContext): Promise<LoadedCoca> {
  const { ablate } = options;
  if (ablate === undefined) return coca;
  const { ablatedModel } = await import('./inside/ablated-model.js');
  return ablatedModel(coca, { ...options, ablate }, context);
}

async function borrowModel(
  options: ModelValues,
  context: CommandContext,
  mayBeServed: WantedModel['mayBeServed'] = false,
): Promise<LoadedCoca> {
  context.status.show('loading the model');
  const coca = await context.models.borrow({
    ...loadOptions(options),
    mayBeServed,
    onNotice: context.notice,
    onDetail: context.detail,
  });
  context.status.clear();
  return coca;
}

/**
 * Lends the terminal to a view of what a model does, as `onScreen` does. The view ends when the model's engine has ended.
 * @throws CocaError `engine` then
 */
export async function modelOnScreen<T>(
  { ended }: Pick<LoadedCoca, 'ended'>,
  context: CommandContext,
  show: (streams: Streams) => Promise<T>,
): Promise<T> {
  if (ended === undefined) return context.onScreen(show);
  const left = await context.onScreen((streams) =>
    show({ ...streams, signal: AbortSignal.any([streams.signal, ended]) }),
  );
  ended.throwIfAborted();
  return left;
}
