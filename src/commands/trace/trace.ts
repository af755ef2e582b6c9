import type { ResultWriter } from '../../cli/answers.js';
import type { CommandContext } from '../../cli/command.js';
import { TRACE_WINDOW } from '../../model/tracing/window.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { checkWindow, findWord } from '../attend/choice.js';
import { defineResults, type Finding } from '../io/define-results.js';
import { ABLATION_OPTIONS, checkAblation } from '../io/inside/ablation.js';
import { captionOf } from '../io/inside/caption.js';
import { findWithCaptioner, MODEL_GLOBALS, variantOf } from '../io/model.js';
import { PAGE_DETAILS, PAGE_OPTION } from '../io/page/option.js';
import { oneName, openPicture, squareOf } from '../io/pictures.js';
import { prepare } from '../io/progress.js';
import { jsonWriter } from '../io/results.js';
import { checkSources } from '../io/sources.js';
import { growAll } from './grow-all.js';
import type { TraceQuestion, TraceResult, TraceScene } from './result.js';

export const trace = defineResults({
  name: 'trace',
  summary: 'where in the model a word is carried: between two pictures, what brings it back',
  details: [
    "CAPTION is one of A. It is read under B with what A had put back at one place at a time: after each layer of the vision tower around one patch (vision.L), one image token (image), or after each cross-attention block of the decoder at one position of the caption (cross.L; position 0 is the start token, and a position predicts the token after it). restored is the share of the word's log-probability that comes back: 0 as under B, 1 as under A.",
    'On a terminal: the layers with what comes back at best, the patches over B as a map, the positions of the caption as a table, and keys to walk through layers and words (? lists them).',
    'Piped: SITE<TAB>POSITION<TAB>RESTORED for the word, most restored first; patches are numbered row by row from 0.',
    'JSON: {"from", "to", "caption", "word", "window", "grid", "words": [{"text", "from", "to"}] (log-probabilities under A and B), "positions" (the token that is read at each), "sites": [{"site", "position", "restored"}]}; restored is null where both pictures make the word as likely.',
    '--ablate takes sites out beforehand: what comes back is what the rest carries.',
    PAGE_DETAILS,
    'Pictures that differ in one thing tell most. coca help tracing says what is put back, and how true it is.',
  ].join('\n'),
  args: [
    { name: 'A', description: 'the picture that CAPTION is of', kind: 'image', required: true, variadic: false },
    { name: 'B', description: 'the picture that it is read under', kind: 'image', required: true, variadic: false },
    { name: 'CAPTION', description: 'whose words', kind: 'text', required: true, variadic: false },
  ],
  options: {
    word: {
      type: 'text',
      placeholder: 'N|WORD',
      description: 'this word (the first shown), by number from 1 or as written',
      otherwise: 'the one that B costs most',
    },
    window: {
      type: 'integer',
      min: 1,
      default: TRACE_WINDOW,
      description: 'side of the patches that are put back together',
    },
    ...PAGE_OPTION,
    ...ABLATION_OPTIONS,
  },
  globals: [...MODEL_GLOBALS, 'images'],
  examples: [
    { line: 'coca trace dog.png cat.png "a dog on a sofa"', does: 'where the word that B costs most is carried' },
    {
      line: 'coca trace dog.png cat.png "a dog on a sofa" --word dog --json',
      does: 'the same of a word, for a program',
    },
  ],
  async check({ options, typed }) {
    checkAblation(options, typed);
  },
  async *find({ args, options }, context): AsyncGenerator<Finding<TraceResult, TraceScene>> {
    const [wordA, wordB, caption] = args as readonly [string, string, string];
    for (const word of [wordA, wordB]) checkSources({ images: [word], files: [], files0: [] }, context.stdin);
    const names = [await oneName(wordA, 'trace', context), await oneName(wordB, 'trace', context)] as const;
    yield* findWithCaptioner(options, context, 'trace', async function* (coca): AsyncGenerator<
      Finding<TraceResult, TraceScene>
    > {
      checkWindow(options.window, coca.config);
      const asked = captionOf(caption, coca.tokenizer);
      const inputs = [await openPicture(names[0], coca, context), await openPicture(names[1], coca, context)] as const;
      const [a, b] = inputs;
      if ('error' in a || 'error' in b) {
        yield* inputs.filter((input) => 'error' in input);
        return;
      }
      await prepare(coca, 'captions', context);
      const [{ beginTrace, mostChanged }, { GrowingTrace }, { tokenName }] = await Promise.all([
        import('../../model/tracing/trace.js'),
        import('./growing.js'),
        import('../lens/result.js'),
      ]);
      const growing = new GrowingTrace(await beginTrace(coca, [a.picture, b.picture], asked.ids, options.window));
      const { readings } = growing.begun;
      const words = readings.words.filter(({ special }) => !special);
      const question: TraceQuestion = {
        from: names[0],
        to: names[1],
        squares: [squareOf(a.bytes, coca), squareOf(b.bytes, coca)],
        caption: asked.text,
        window: options.window,
        words,
        word: options.word === undefined ? mostChanged(words, readings) : findWord(words, options.word, '--word'),
        tokens: asked.ids.map((id) => tokenName(id, coca.tokenizer)),
        model: coca.name,
        device: coca.device,
        ...variantOf(coca),
      };
      context.onCaption(names[0], asked.text);
      yield { kind: 'picture', item: { question, growing, picture: b.picture, coca } };
      if (!growing.wasAsked) await growAll(growing, context);
      const traced = growing.whole();
      // A person who leaves before everything is traced has asked for no more of it.
      if (traced) yield { kind: 'result', result: { ...question, traced } };
    });
  },
  async writer(format, { options }, context: CommandContext): Promise<ResultWriter<TraceResult, TraceScene>> {
    const { traceLines, traceObject } = await import('./result.js');
    if (format === 'json' || format === 'jsonl') return jsonWriter(context.out, format, traceObject);
    if (format === 'plain') {
      return {
        objects: undefined,
        result: (result) => context.out.write(`${traceLines(result).join('\n')}\n`),
      };
    }
    const { present } = await import('./screen.js');
    const how = { isAsked: options.html === undefined, images: options.images as PictureKind | 'auto' };
    return { objects: undefined, begin: (scene) => present(scene, how, context), result: async () => undefined };
  },
  page: {
    view: 'trace',
    objectOf: async (result) => (await import('./result.js')).traceObject(result),
    picturesOf: ({ from, to, squares: [a, b] }) => [
      { name: from, square: a },
      { name: to, square: b },
    ],
  },
});
