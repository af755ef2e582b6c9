import type { PictureKind } from '../ui/picture.js';
import { visible } from '../ui/text.js';
import type { CommandContext } from './command.js';
import type { ReadablePicture } from './model.js';
import type { RankBy, Ranked } from './ranking.js';
import { type Format, type ObjectWriter, objectWriter } from './results.js';
import { pictureShower } from './show-picture.js';

/** Where ranked captions go. `begin` comes before a picture's result, as soon as the picture is there. */
export interface RankWriter {
  readonly objects: ObjectWriter | undefined;
  begin(item: ReadablePicture): Promise<void>;
  result(image: string, results: readonly Ranked[]): Promise<void>;
}

export interface RankWriterOptions {
  /** One picture was named alone: plain lines leave its name out. */
  readonly isOne: boolean;
  readonly images: PictureKind | 'auto';
  readonly by: RankBy;
}

/** The writer of ranked captions for a format. */
export async function rankWriter(
  format: Format,
  context: CommandContext,
  options: RankWriterOptions,
): Promise<RankWriter> {
  const ready = async (): Promise<void> => undefined;
  switch (format) {
    case 'json':
    case 'jsonl': {
      const objects = objectWriter(context.out, format);
      const result = (image: string, results: readonly Ranked[]): Promise<void> =>
        objects.write({ image, by: options.by, results });
      return { objects, begin: ready, result };
    }
    case 'terminal': {
      const { rankLines } = await import('../ui/rank-view.js');
      const { columns, colors } = context.terminal;
      return {
        objects: undefined,
        begin: await pictureShower(context, options.images, options.isOne),
        result: (_, results) => {
          const lines = results.length === 0 ? ['no caption reaches the minimum'] : rankLines(results, columns, colors);
          return context.out.write(`${lines.join('\n')}\n${options.isOne ? '' : '\n'}`);
        },
      };
    }
    case 'plain':
      return {
        objects: undefined,
        begin: ready,
        result: (image, results) => {
          const name = options.isOne ? '' : `${visible(image)}\t`;
          return context.out.write(results.map((row) => `${name}${plainRow(row, options.by)}\n`).join(''));
        },
      };
  }
}

/** SCORE<TAB>PROBABILITY<TAB>CAPTION */
function plainRow({ cosine, logprob, probability, caption }: Ranked, by: RankBy): string {
  const score = by === 'caption' ? logprob : cosine;
  return [score!.toFixed(6), probability === null ? '-' : probability.toPrecision(6), visible(caption)].join('\t');
}
