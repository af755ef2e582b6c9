import type { CommandContext, GlobalValues } from '../../cli/command.js';
import { hasLayers, MAP_METHODS, type MapChoice } from '../../model/attention/index.js';
import type { LocatedScene, PointingFigures } from '../../model/attention/pointing.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { safeJson, visible } from '../../ui/text.js';
import { checkWindow, choiceFields } from '../attend/choice.js';
import { type CaptioningCoca, variantOf } from '../io/model.js';
import { pictures } from '../io/pictures.js';
import { prepare } from '../io/progress.js';

export interface PointingOptions extends GlobalValues<'json' | 'jsonl'> {
  readonly heads: boolean;
  readonly seeds: number;
  readonly window: number | undefined;
}

type Scenes = Awaited<ReturnType<typeof import('../../model/scenes/scenes-file.js').readScenes>>;

/** Measures how true a model's maps are of scenes. */
export async function evaluatePointing(
  coca: CaptioningCoca,
  scenes: Scenes,
  options: PointingOptions,
  context: CommandContext,
): Promise<void> {
  await prepare(coca, 'attribution', context);
  const { measurePointing } = await import('../../model/attention/pointing.js');
  const choices = choicesOf(coca, options);
  const { seeds, window } = options;
  checkWindow(window, coca.config);
  const how = { seeds, signal: context.signal, ...(window !== undefined && { window }) };
  const figures = await measurePointing(coca, located(scenes, coca, context), choices, how);
  context.status.clear();
  const objects = figures.map(({ choice, ...rest }) => ({ ...choiceFields(choice), ...rest, ...variantOf(coca) }));
  if (options.json) await context.out.line(safeJson(objects));
  else if (options.jsonl) for (const object of objects) await context.out.line(safeJson(object));
  else for (const line of linesOf(figures)) await context.out.line(line);
}

/** Every method with every layer and their mean, heads by their mean or also one by one; occlusion has neither. */
function choicesOf(coca: CaptioningCoca, { heads }: PointingOptions): MapChoice[] {
  const { multimodal } = coca.config;
  const layers: MapChoice['layer'][] = [...Array(multimodal.layers).keys(), 'mean'];
  const each: MapChoice['head'][] = heads ? ['mean', ...Array(multimodal.heads).keys()] : ['mean'];
  return MAP_METHODS.flatMap((method): MapChoice[] =>
    method === 'occlusion'
      ? [{ method, layer: 'mean', head: 'mean' }]
      : layers.flatMap((layer) => each.map((head) => ({ method, layer, head }))),
  );
}

async function* located(scenes: Scenes, coca: LoadedCoca, context: CommandContext): AsyncGenerator<LocatedScene> {
  async function* names(): AsyncGenerator<string> {
    yield* scenes.map(({ image }) => image);
  }
  let at = 0;
  for await (const item of pictures(names(), coca, context, 2)) {
    if ('error' in item) throw item.error;
    const { caption, objects } = scenes[at++]!;
    context.status.show(`scene ${at} of ${scenes.length}`);
    yield { picture: item.picture, caption, objects };
  }
}

function linesOf(figures: readonly PointingFigures[]): string[] {
  const percent = (part: number, whole: number) => (whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`);
  const row = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i < 3 ? cell.padEnd(10) : cell.padStart(11)))
      .join('')
      .trimEnd();
  return [
    row(['method', 'layer', 'head', 'nouns', 'hits', 'expected', 'hits', 'mass', 'drop', 'random', 'wins', 'passes']),
    ...figures.map(({ choice, ...f }) =>
      row([
        choice.method,
        hasLayers(choice) ? visible(String(choice.layer)) : '-',
        hasLayers(choice) ? visible(String(choice.head)) : '-',
        String(f.nouns),
        percent(f.hits, f.nouns),
        String(f.expected),
        percent(f.expectedHits, f.expected),
        percent(f.mass, 1),
        f.drop.toFixed(2),
        f.randomDrop.toFixed(2),
        percent(f.deletionWins, f.nouns),
        String(f.passes),
      ]),
    ),
  ];
}
