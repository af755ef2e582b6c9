import { percent, percentText } from '../../ui/caption-view.js';
import type { CellFact, MatrixSource } from '../../ui/matrix/source.js';
import { visible, whatRuns } from '../../ui/text.js';
import { type LensResult, tokenName } from './result.js';

/** The grid of layers and words, as a view takes it: what each layer would say, by its probability. */
export function lensSource({ image, caption, lens, positions, coca }: LensResult): MatrixSource {
  const nameOf = (id: number): string => visible(tokenName(id, coca.tokenizer)) || '·';
  const cellOf = (row: number, column: number) => lens.cells[row]![positions[column]!]!;
  return {
    title: visible(caption),
    about: `logit lens · ${whatRuns(coca)} · ${visible(image)}`,
    rows: lens.layers,
    columns: positions.map((r) => nameOf(lens.ids[r + 1]!)),
    names: { row: 'layer', column: 'word' },
    marked: 'what the caption says',
    scale: ['improbable', 'certain'],
    cell(row, column) {
      const best = cellOf(row, column).top[0]!;
      return {
        text: nameOf(best.id),
        figure: percent(best.probability),
        shade: best.probability,
        isMarked: best.id === lens.ids[positions[column]! + 1],
      };
    },
    facts(row, column): CellFact[] {
      const r = positions[column]!;
      const { rank, probability, entropy, top } = cellOf(row, column);
      const read = visible(coca.tokenizer.decode(lens.ids.slice(0, r + 1)));
      return [
        { label: 'after', value: read === '' ? nameOf(lens.ids[r]!) : read },
        { label: 'layer', value: layerText(lens.layers[row]!, row === lens.layers.length - 1) },
        { label: nameOf(lens.ids[r + 1]!), value: `${percentText(probability).trim()}, ${ordinal(rank)}` },
        { label: 'entropy', value: `${entropy.toFixed(2)} nats` },
        ...top.map((one, i) => ({
          label: i === 0 ? 'would say' : '',
          value: `${percentText(one.probability)}  ${nameOf(one.id)}`,
          part: one.probability,
        })),
      ];
    },
  };
}

function layerText(layer: string, isLast: boolean): string {
  if (layer === 'text') return 'text: before the picture is seen';
  return isLast ? `${layer}: what the model says` : layer;
}

/** "1st", "12th", "103rd". */
function ordinal(n: number): string {
  const teens = Math.floor(n / 10) % 10 === 1;
  return `${n}${(teens ? undefined : ['th', 'st', 'nd', 'rd'][n % 10]) ?? 'th'}`;
}
