import type { CommandContext } from '../../cli/command.js';
import type { Coca } from '../../model/api.js';
import type { Caption } from '../../model/decoding/index.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import { wordsOf } from '../../model/tokenizer/words.js';
import type { CaptionView, ShadedWord } from '../../ui/caption-view.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { visible } from '../../ui/text.js';
import type { ReadablePicture } from '../io/model.js';
import { type Format, type ObjectWriter, objectWriter } from '../io/results.js';
import { pictureShower } from '../io/show-picture.js';

/** What one picture gave: its captions, best first, and how long that took. */
export interface PictureCaptions {
  readonly image: string;
  readonly captions: readonly Caption[];
  /** Milliseconds in the vision tower and in the decoder; of a batch, this picture's share. */
  readonly ms: { readonly encode: number; readonly decode: number };
}

/** Where captions go. `begin` comes before a picture's result, as soon as the picture is there. */
export interface CaptionWriter {
  readonly objects: ObjectWriter | undefined;
  begin(item: ReadablePicture): Promise<void>;
  result(result: PictureCaptions): Promise<void>;
}

export interface CaptionWriterOptions {
  readonly coca: Pick<Coca, 'name' | 'device' | 'tokenizer'>;
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
  const ready = async (): Promise<void> => undefined;
  if (format === 'json' || format === 'jsonl') {
    const objects = objectWriter(context.out, format);
    return { objects, begin: ready, result: (result) => objects.write(captionObject(result, options.coca)) };
  }
  if (format === 'terminal') return terminalWriter(context, options);
  const { colors } = context.terminal;
  // Colours in plain lines are for those who force them; nobody else pays for loading them.
  const shadeWords = colors === 'none' ? undefined : (await import('../../ui/caption-view.js')).shadeWords;
  return {
    objects: undefined,
    begin: ready,
    async result({ image, captions }) {
      const name = options.isOne ? '' : `${visible(image)}\t`;
      const text = (caption: Caption): string =>
        shadeWords
          ? shadeWords(shadedWords(caption, options.coca.tokenizer), colors)
          : visible(options.coca.tokenizer.decode(caption.ids));
      await context.out.write(captions.map((caption) => `${name}${text(caption)}\n`).join(''));
    },
  };
}

async function terminalWriter(context: CommandContext, options: CaptionWriterOptions): Promise<CaptionWriter> {
  const { captionLines } = await import('../../ui/caption-view.js');
  const show = await pictureShower(context, options.images, options.isOne);
  const { columns, colors } = context.terminal;
  return {
    objects: undefined,
    begin: (item) => show(item),
    async result(result) {
      const lines = captionLines(captionView(result, options), columns, colors);
      await context.out.write(`${lines.join('\n')}\n${options.isOne ? '' : '\n'}`);
    },
  };
}

/** The JSON object of one picture: fields as docs and scripts know them. */
export function captionObject(result: PictureCaptions, coca: CaptionWriterOptions['coca']): object {
  const { tokenizer } = coca;
  const [best, ...others] = result.captions;
  const textOf = (id: number): string => tokenizer.tokenText(id);
  return {
    image: result.image,
    caption: tokenizer.decode(best!.ids),
    score: best!.score,
    ids: best!.ids,
    tokens: best!.tokens.map(({ id, logprob, top }) => ({
      id,
      text: textOf(id),
      logprob,
      ...(top ? { top: top.map((other) => ({ id: other.id, text: textOf(other.id), logprob: other.logprob })) } : {}),
    })),
    ...(others.length > 0
      ? { alternatives: others.map(({ ids, score }) => ({ caption: tokenizer.decode(ids), score, ids })) }
      : {}),
    model: coca.name,
    device: coca.device,
    ms: { encode: roundMs(result.ms.encode), decode: roundMs(result.ms.decode) },
  };
}

function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** The words of a caption with the probability of each. What was given as a prompt is certain. */
export function shadedWords({ ids, tokens }: Pick<Caption, 'ids' | 'tokens'>, tokenizer: Tokenizer): ShadedWord[] {
  const given = Array<number>(ids.length - 1 - tokens.length).fill(0);
  return wordsOf(ids, [...given, ...tokens.map(({ logprob }) => logprob)], tokenizer)
    .filter(({ special }) => !special)
    .map(({ text, logprob }) => ({ text, probability: Math.exp(logprob) }));
}

function captionView({ captions, ms }: PictureCaptions, options: CaptionWriterOptions): CaptionView {
  const { tokenizer, name, device } = options.coca;
  const [best, ...others] = captions;
  const total = ms.encode + ms.decode;
  const perSecond = ms.decode > 0 ? `${Math.round((best!.tokens.length * 1000) / ms.decode)} tokens/s` : undefined;
  const textOf = (id: number): string => tokenizer.tokenText(id);
  return {
    words: shadedWords(best!, tokenizer),
    alternatives: others.map(({ ids, score }) => ({ caption: tokenizer.decode(ids), score })),
    ...(options.showTokens
      ? {
          tokens: best!.tokens.map(({ id, logprob, top }) => ({
            text: textOf(id),
            logprob,
            top: (top ?? []).filter((other) => other.id !== id).map((other) => ({ ...other, text: textOf(other.id) })),
          })),
        }
      : {}),
    facts: [
      `score ${best!.score.toFixed(3)}`,
      ...(perSecond ? [perSecond] : []),
      `${Math.round(total)} ms`,
      `${name} on ${device}`,
    ],
  };
}
