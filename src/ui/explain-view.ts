import { bar, padEnd, truncate, widthOf } from './layout.js';
import { painter } from './palette.js';
import type { Colors } from './terminal.js';
import { visible } from './text.js';

/** A picture in concepts, or how two differ, as JSON has it. */
export interface ExplainedObject {
  readonly image: string;
  readonly other?: string;
  readonly concepts: readonly {
    readonly text: string;
    readonly weight: number;
    readonly other?: number;
    /** weight less other */
    readonly difference?: number;
  }[];
  readonly cosine: number;
  readonly other_cosine?: number;
  readonly list: string;
  readonly centre: string | null;
  readonly model: string;
  readonly device: string;
}

const LONGEST = 30;
const FIGURE = 7;

/** A bar for each concept; of two pictures which of them it is more of. */
export function explanationLines(found: ExplainedObject, columns: number, colors: Colors): string[] {
  const { concepts, image, other } = found;
  const paint = painter(colors);
  const width = Math.min(LONGEST, Math.max(7, ...concepts.map(({ text }) => widthOf(visible(text)))));
  const room = Math.max(1, Math.min(40, columns - width - FIGURE - 3 - (other === undefined ? 0 : 4)));
  const figure = (one: (typeof concepts)[number]) => one.difference ?? one.weight;
  const most = Math.max(1e-9, ...concepts.map((one) => Math.abs(figure(one))));
  const lines = concepts.map((one) => {
    const share = bar(Math.abs(figure(one)) / most, room);
    const side = one.difference === undefined ? '' : one.difference >= 0 ? ' A  ' : '  B ';
    return `${padEnd(truncate(visible(one.text), width), width)} ${figure(one).toFixed(3).padStart(FIGURE)} ${side}${share}`;
  });
  const cosines = `cosine ${found.cosine.toFixed(3)}`;
  const facts =
    other === undefined
      ? [`${visible(image)} · ${cosines}`]
      : [`A ${visible(image)} · ${cosines}`, `B ${visible(other)} · cosine ${found.other_cosine!.toFixed(3)}`];
  const about = `${visible(found.list)} · centred on ${found.centre ?? 'nothing'} · ${visible(found.model)} on ${found.device}`;
  return [
    ...(concepts.length === 0 ? ['no concept of the list speaks for it'] : lines),
    ...[...facts, about].map((line) => paint.dim(truncate(line, columns))),
  ];
}
