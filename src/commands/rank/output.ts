import type { Format, ResultWriter } from '../../cli/answers.js';
import type { CommandContext } from '../../cli/command.js';
import type { MeasuredClip, MeasuredMap } from '../../model/attention/index.js';
import type { Picture } from '../../model/image/picture.js';
import type { Frame } from '../../model/video/clip.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { visible } from '../../ui/text.js';
import { clipMapFields } from '../io/clips/clips.js';
import { mapRows } from '../io/map-rows.js';
import type { Variant } from '../io/model.js';
import type { ReadablePicture } from '../io/pictures.js';
import { jsonWriter } from '../io/results.js';
import { pictureShower } from '../io/show-picture.js';
import { type RankBy, type Ranked, withoutProbability } from './ranking.js';

/** Where the embedding of a picture looked: a map over the square that the model sees. */
export interface Look extends MeasuredMap {
  readonly method: string;
  readonly grid: number;
  readonly crop: Picture['crop'];
  /** Of a clip: all its frames; the map and the crop are those of the frame with the highest patch. */
  readonly clip?: MeasuredClip & { readonly of: readonly Frame[] };
}

/** The captions of a picture in their order. */
export interface Ranking extends Variant {
  readonly image: string;
  /** Of a clip: which of its frames were looked at. */
  readonly frames?: readonly object[];
  readonly by: RankBy;
  readonly results: readonly Ranked[];
  readonly look: Look | undefined;
  /** Whether there was no other caption to be ranked. */
  readonly isAlone: boolean;
}

/** A picture whose ranking follows. */
export type RankedPicture = ReadablePicture & { readonly look: Look | undefined };

export interface RankWriterOptions {
  /** One picture was named alone: plain lines leave its name out. */
  readonly isOne: boolean;
  readonly images: PictureKind | 'auto';
}

/** The writer of ranked captions for a format. */
export async function rankWriter(
  format: Format,
  context: CommandContext,
  options: RankWriterOptions,
): Promise<ResultWriter<Ranking, RankedPicture>> {
  switch (format) {
    case 'json':
    case 'jsonl':
      return jsonWriter(context.out, format, rankingObject);
    case 'terminal': {
      const { rankLines } = await import('../../ui/rank-view.js');
      const { columns, colors } = context.terminal;
      return {
        objects: undefined,
        begin: await lookShower(context, options),
        result: (ranking) => {
          const rows = rowsOf(ranking);
          const lines = rows.length === 0 ? ['no caption reaches the minimum'] : rankLines(rows, columns, colors);
          return context.out.write(`${lines.join('\n')}\n${options.isOne ? '' : '\n'}`);
        },
      };
    }
    case 'plain':
      return {
        objects: undefined,
        result: (ranking) => {
          const { image, by } = ranking;
          const name = options.isOne ? '' : `${visible(image)}\t`;
          return context.out.write(
            rowsOf(ranking)
              .map((row) => `${name}${plainRow(row, by)}\n`)
              .join(''),
          );
        },
      };
  }
}

/** The JSON object of one picture. */
export function rankingObject({ look, isAlone: _, ...ranking }: Ranking): object {
  return { ...ranking, ...(look && { attention: lookObject(look) }) };
}

const rowsOf = ({ results, isAlone }: Ranking): readonly Ranked[] => (isAlone ? withoutProbability(results) : results);

/** Draws a picture, with where its embedding looked over it. */
async function lookShower(
  context: CommandContext,
  options: RankWriterOptions,
): Promise<(item: RankedPicture) => Promise<void>> {
  const { mapOver } = await import('../../ui/picture/heat.js');
  const show = await pictureShower(context, options.images, options.isOne);
  return ({ look, ...item }) => {
    if (look === undefined) return show(item);
    const picture = look.clip ? look.clip.of[look.clip.peakFrame]!.picture : item.picture;
    if (look.isFlat) context.notice('its embedding looked at no place more than at others: a flat map');
    return show({ ...item, picture: { ...picture, rgb: mapOver(picture, look, look.grid) } }, true);
  };
}

function lookObject({ map, grid, isFlat, clip, ...look }: Look): object {
  if (clip) return { method: look.method, grid: [grid, grid], ...clipMapFields(clip, clip.of, grid) };
  return { ...look, flat: isFlat, grid: [grid, grid], map: mapRows(map, grid) };
}

/** SCORE<TAB>PROBABILITY<TAB>CAPTION */
function plainRow({ cosine, logprob, probability, caption }: Ranked, by: RankBy): string {
  const score = by === 'caption' ? logprob : cosine;
  return [score!.toFixed(6), probability === null ? '-' : probability.toPrecision(6), visible(caption)].join('\t');
}
