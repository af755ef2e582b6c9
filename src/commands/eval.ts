import { MAP_METHODS, type MapChoice } from '../model/attention/index.js';
import type { LocatedScene, PointingFigures } from '../model/attention/pointing.js';
import type { Engine } from '../model/engine/engines.js';
import { CocaError } from '../model/errors.js';
import type { LoadedCoca } from '../model/load.js';
import { safeJson, visible } from '../ui/text.js';
import { type CommandContext, defineCommand } from './command.js';
import { readImage } from './inputs.js';
import { MODEL_GLOBALS, withModel } from './model.js';

export const evaluate = defineCommand({
  name: 'eval',
  summary: 'measures a model: whether its attention maps are true',
  details: [
    '--pointing: on scenes with known boxes, captions teacher forced. hits: nouns whose map peaks in a box of their object (pointing game), of all nouns and of those that the model expects with a probability of at least 1/2. mass: how much of the map lies in the boxes. drop: how much log p(noun) falls when the top 20 % of the map are blanked, beside as many patches at random; wins: nouns for which it falls more.',
    'SCENES is a scenes.json with its pictures beside it; by default the 48 scenes that come with the program.',
  ].join('\n'),
  args: [{ name: 'SCENES', description: 'path of a scenes.json', required: false, variadic: false }],
  options: {
    pointing: { type: 'flag', description: 'the pointing game and deletion, for each method and layer' },
    heads: { type: 'flag', description: 'with --pointing: also each head by itself' },
    seeds: { type: 'integer', min: 1, default: 5, description: 'random deletions to compare with' },
  },
  globals: [...MODEL_GLOBALS],
  examples: [{ line: 'coca eval --pointing', does: 'the table of docs/attention.md' }],
  async run({ args, options }, context) {
    if (!options.pointing) throw new CocaError('usage', 'say what to measure', 'coca eval --pointing');
    const { BUNDLED_SCENES, readScenes } = await import('../model/scenes.js');
    const scenes = await readScenes(args[0] ?? BUNDLED_SCENES);
    return withModel(options, context, async (coca) => {
      await coca.prepare('attention');
      const { measurePointing } = await import('../model/attention/pointing.js');
      const choices = choicesOf(coca, options);
      const figures = await measurePointing(coca, located(scenes, coca, context), choices, options.seeds);
      context.status.clear();
      const objects = figures.map(({ choice, ...rest }) => ({ ...choice, ...rest }));
      if (options.json) await context.out.line(safeJson(objects));
      else if (options.jsonl) for (const object of objects) await context.out.line(safeJson(object));
      else for (const line of table(figures)) await context.out.line(line);
      return { done: 1, failed: 0 };
    });
  },
});

/** Every method that the engine can do with every layer and their mean; heads by their mean or also one by one. */
function choicesOf(
  coca: LoadedCoca,
  { heads, engine }: { readonly heads: boolean; readonly engine: Engine },
): MapChoice[] {
  const { multimodal } = coca.config;
  const layers: MapChoice['layer'][] = [...Array(multimodal.layers).keys(), 'mean'];
  const each: MapChoice['head'][] = heads ? ['mean', ...Array(multimodal.heads).keys()] : ['mean'];
  const methods = MAP_METHODS.filter((method) => method !== 'gradient' || engine === 'tfjs');
  return methods.flatMap((method) => layers.flatMap((layer) => each.map((head) => ({ method, layer, head }))));
}

async function* located(
  scenes: Awaited<ReturnType<typeof import('../model/scenes.js').readScenes>>,
  coca: LoadedCoca,
  context: CommandContext,
): AsyncGenerator<LocatedScene> {
  const { loadPicture } = await import('../model/image.js');
  for (const [i, { image, caption, objects }] of scenes.entries()) {
    if (context.signal.aborted) throw new CocaError('interrupted', 'interrupted');
    context.status.show(`scene ${i + 1} of ${scenes.length}`);
    const input = await readImage(image, context);
    if ('error' in input) throw input.error;
    yield { picture: await loadPicture(input.bytes, coca.preprocess), caption, objects };
  }
}

function table(figures: readonly PointingFigures[]): string[] {
  const percent = (part: number, whole: number) => (whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`);
  const row = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i < 3 ? cell.padEnd(9) : cell.padStart(11)))
      .join('')
      .trimEnd();
  return [
    row(['method', 'layer', 'head', 'nouns', 'hits', 'expected', 'hits', 'mass', 'drop', 'random', 'wins']),
    ...figures.map(({ choice, ...f }) =>
      row([
        choice.method,
        visible(String(choice.layer)),
        visible(String(choice.head)),
        String(f.nouns),
        percent(f.hits, f.nouns),
        String(f.expected),
        percent(f.expectedHits, f.expected),
        percent(f.mass, 1),
        f.drop.toFixed(2),
        f.randomDrop.toFixed(2),
        percent(f.deletionWins, f.nouns),
      ]),
    ),
  ];
}
