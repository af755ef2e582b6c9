import type { Format, ResultWriter } from '../../cli/answers.js';
import type { CommandContext } from '../../cli/command.js';
import type { Caption, Coca } from '../../model/api.js';
import type { GroundedCaption } from '../../model/grounding/index.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { visible } from '../../ui/text.js';
import { groundedFields } from '../ground/result.js';
import { variantOf } from '../io/model.js';
import type { ReadablePicture } from '../io/pictures.js';
import { jsonWriter } from '../io/results.js';
import { pictureShower } from '../io/show-picture.js';

/** What one picture gave: its captions, best first, and how long that took. */
export interface PictureCaptions {
  readonly image: string;
  /** Of a clip: which of its frames were looked at. */
  readonly frames?: readonly object[];
  readonly captions: readonly Caption[];
  /** What the words of the best owe to the picture, where that was asked for. */
  readonly grounded?: GroundedCaption | undefined;
  /** The model that wrote them. */
  readonly coca: Pick<Coca, 'name' | 'device' | 'precision' | 'ablated' | 'tokenizer'>;
  /** Milliseconds in the vision tower and in the decoder; of a batch, this picture's share. */
  readonly ms: { readonly encode: number; readonly decode: number };
}

/** Where captions go. */
export type CaptionWriter = ResultWriter<PictureCaptions, ReadablePicture>;

export interface CaptionWriterOptions {
  /** One picture was named alone: plain lines leave its name out. */
  readonly isOne: boolean;
  readonly images: PictureKind | 'auto';
  readonly showTokens: boolean;
}

/** The writer of captions for a format. */
export async function captionWriter(
  format: Format,
  context: CommandContext,
  options: CaptionWriterOptions,
): Promise<CaptionWriter> {
  if (format === 'json' || format === 'jsonl') return jsonWriter(context.out, format, captionObject);
  if (format === 'terminal') return terminalWriter(context, options);
  const { colors } = context.terminal;
  // Colours in plain lines are for those who force them; other runs do not load them.
  const view = colors === 'none' ? undefined : await import('../../ui/caption-view.js');
  return {
    objects: undefined,
    async result({ image, captions, coca }) {
      const name = options.isOne ? '' : `${visible(image)}\t`;
      const text = (caption: Caption): string =>
        view ? view.wordLine(view.shadedWords(caption, coca.tokenizer), colors) : visible(caption.text);
      await context.out.write(captions.map((caption) => `${name}${text(caption)}\n`).join(''));
    },
  };
}

async function terminalWriter(context: CommandContext, options: CaptionWriterOptions): Promise<CaptionWriter> {
  const { captionLines, needsLegend } = await import('../../ui/caption-view.js');
  const show = await pictureShower(context, options.images, options.isOne);
  const { columns, colors } = context.terminal;
  let isExplained = false;
  return {
    objects: undefined,
    begin: (item) => show(item),
    async result(result) {
      const view = { ...result, showTokens: options.showTokens, isExplained };
      isExplained ||= needsLegend(view, colors);
      const lines = captionLines(view, columns, colors);
      await context.out.write(`${lines.join('\n')}\n${options.isOne ? '' : '\n'}`);
    },
  };
}

/** The JSON object of one picture: fields as docs and scripts know them. */
export function captionObject({ coca, ...result }: PictureCaptions): object {
  const { tokenizer } = coca;
  const [best, ...others] = result.captions;
  const textOf = (id: number): string => tokenizer.tokenText(id);
  return {
    image: result.image,
    ...(result.frames && { frames: result.frames }),
    caption: best!.text,
    score: best!.score,
    ids: best!.ids,
    tokens: best!.tokens.map(({ id, logprob, top }) => ({
      id,
      text: textOf(id),
      logprob,
      ...(top ? { top: top.map((other) => ({ id: other.id, text: textOf(other.id), logprob: other.logprob })) } : {}),
    })),
    ...(others.length > 0
      ? { alternatives: others.map(({ text, ids, score }) => ({ caption: text, score, ids })) }
      : {}),
    ...(result.grounded && groundedFields(best!.text, result.grounded)),
    model: coca.name,
    device: coca.device,
    ...variantOf(coca),
    ms: { encode: roundMs(result.ms.encode), decode: roundMs(result.ms.decode) },
  };
}

/** The JSON object of one picture in a part of a sharded run: without what differs from run to run, and the device. */
export function partObject(result: PictureCaptions): object {
  const { ms: _, device: __, ...object } = captionObject(result) as Record<string, unknown>;
  return object;
}

function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10;
}
