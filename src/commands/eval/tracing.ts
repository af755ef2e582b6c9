import type { CommandContext, GlobalValues } from '../../cli/command.js';
import type { TracingFigures } from '../../model/tracing/measure.js';
import { safeJson } from '../../ui/text.js';
import { checkWindow } from '../attend/choice.js';
import { type CaptioningCoca, precisionOf } from '../io/model.js';
import { prepare } from '../io/progress.js';

export interface TracingOptions extends GlobalValues<'json' | 'jsonl' | 'seed'> {
  readonly pairs: number;
  readonly window: number | undefined;
}

/** Measures whether tracing between two scenes finds the thing in which they differ. */
export async function evaluateTracing(
  coca: CaptioningCoca,
  { pairs, window, seed, json, jsonl }: TracingOptions,
  context: CommandContext,
): Promise<void> {
  checkWindow(window, coca.config);
  const { loadArt } = await import('../../model/scenes/world/art.js');
  const { scenePair } = await import('../../model/scenes/world/pairs.js');
  const { measureTracing } = await import('../../model/tracing/measure.js');
  const art = await loadArt();
  await prepare(coca, 'captions', context);
  const painted = async function* () {
    for (let i = 0; i < pairs; i++) {
      context.status.show(`pair ${i + 1} of ${pairs}`);
      yield scenePair(seed, i, coca.preprocess.size, art);
    }
  };
  const how = { signal: context.signal, ...(window !== undefined && { window }) };
  const { pairs: all, layers } = await measureTracing(coca, painted(), how);
  context.status.clear();
  const objects = layers.map((figures) => ({ ...figures, of: all, ...precisionOf(coca) }));
  if (json) await context.out.line(safeJson(objects));
  else if (jsonl) for (const object of objects) await context.out.line(safeJson(object));
  else for (const line of linesOf(layers, all)) await context.out.line(line);
}

function linesOf(layers: readonly TracingFigures[], all: number): string[] {
  const row = ([site, ...cells]: readonly string[]) =>
    `${site!.padEnd(12)}${cells.map((cell) => cell.padStart(9)).join('')}`;
  return [
    row(['site', 'pairs', 'of', 'hits', 'most']),
    ...layers.map(({ site, pairs, hits, most }) =>
      row([
        site,
        String(pairs),
        String(all),
        hits === null ? '-' : `${((100 * hits) / pairs).toFixed(1)} %`,
        most.toFixed(2),
      ]),
    ),
  ];
}
