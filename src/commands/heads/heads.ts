import type { ResultWriter } from '../../cli/answers.js';
import type { CommandContext } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import type { Picture } from '../../model/image/picture.js';
import type { SiteCost } from '../../model/interventions/heads.js';
import type { Site, SiteTower } from '../../model/interventions/sites.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { wordsOf } from '../../model/tokenizer/words.js';
import { findWord } from '../attend/choice.js';
import { defineResults, type Finding } from '../io/define-results.js';
import { ABLATION_OPTIONS, type AblationValues, checkAblation } from '../io/inside/ablation.js';
import {
  askedCaption,
  CAPTION_ARGUMENT,
  CAPTION_OPTIONS,
  checkAskedCaption,
  foundCaption,
  IMAGE_ARGUMENT,
  wordsToShow,
} from '../io/inside/caption.js';
import { type CaptioningCoca, findWithCaptioner, MODEL_GLOBALS } from '../io/model.js';
import { PAGE_DETAILS, PAGE_OPTION } from '../io/page/option.js';
import { oneName, openPicture, squareOf } from '../io/pictures.js';
import { prepare } from '../io/progress.js';
import { jsonWriter } from '../io/results.js';
import { checkSources } from '../io/sources.js';
import { type HeadsResult, headCosts, headsLines, headsObject } from './result.js';

/** Which towers' heads; those of the contrastive pooler have no say in a caption. */
const SITES = {
  cross: ['cross'],
  self: ['self'],
  text: ['text'],
  vision: ['vision'],
  pooler: ['pooler'],
  all: ['vision', 'pooler', 'text', 'self', 'cross'],
} as const satisfies Record<string, readonly SiteTower[]>;
type SitesName = keyof typeof SITES;

export const heads = defineResults({
  name: 'heads',
  summary: 'shows what the absence of every attention head costs each word of a caption',
  details: [
    'A cost is log p(word) with all heads minus that without one, in nats: negative where the word is likelier without it. The caption is read teacher forced; heads are named as for --ablate.',
    'Default are the heads of cross-attention. The others take longer, those of the vision tower longest: the picture is encoded again for each.',
    '--ablate-with says what stands in for a head; --ablate takes sites out beforehand, so that costs are those in the remaining model.',
    'On a terminal: heads x words as a heat map, the head with the largest cost first; keys walk through them (? lists them).',
    'Piped: HEAD<TAB>WORD<TAB>COST, the largest first.',
    'JSON: {"image", "caption", "words": [{"text", "logprob"}], "heads": [{"site", "words": [COST, ...]}], "with"}, the head with the largest cost first.',
    PAGE_DETAILS,
    'coca help inside says what such a cost is, and what it is not.',
  ].join('\n'),
  args: [IMAGE_ARGUMENT, CAPTION_ARGUMENT],
  options: {
    word: {
      type: 'text',
      placeholder: 'N|WORD',
      description: 'only this word (the first of several), by number from 1 or as written',
    },
    sites: {
      type: 'choice',
      choices: Object.keys(SITES) as SitesName[],
      placeholder: 'TOWER',
      default: 'cross',
      description: 'whose heads: cross- or self-attention, the text half, the vision tower, the pooler',
    },
    special: { type: 'flag', description: 'special tokens too: what ends the caption' },
    ...PAGE_OPTION,
    ...CAPTION_OPTIONS,
    ...ABLATION_OPTIONS,
  },
  globals: MODEL_GLOBALS,
  examples: [
    { line: 'coca heads photo.jpg', does: 'which heads of cross-attention its caption hangs on' },
    {
      line: 'coca heads photo.jpg "a dog on a sofa" --word dog --sites all --json',
      does: 'all heads, for one word of a given caption',
    },
    { line: 'coca heads photo.jpg --ablate-with mean', does: 'with the mean of what a head gives in its place' },
  ],
  async check({ args, options, typed }) {
    // Here it says what stands in for every head.
    checkAblation(options, new Set([...typed].filter((name) => name !== 'ablateWith')));
    await checkAskedCaption(args[1], options, typed);
  },
  async *find({ args, options, typed }, context): AsyncGenerator<Finding<HeadsResult>> {
    const [given, caption] = args as readonly [string, string?];
    checkSources({ images: [given], files: [], files0: [] }, context.stdin);
    const image = await oneName(given, 'heads', context);
    yield* findWithCaptioner(options, context, 'heads', async function* (coca): AsyncGenerator<Finding<HeadsResult>> {
      const sites = await sitesOf(options.sites, coca);
      const [input] = await Promise.all([openPicture(image, coca, context), prepare(coca, 'captions', context)]);
      if ('error' in input) {
        yield input;
        return;
      }
      const { picture } = input;
      const asked = await askedCaption(caption, options, typed, coca);
      context.status.show('looking');
      const encoding = await coca.encodeImages([picture]);
      const { ids, text } = await foundCaption(asked, encoding, coca, context);
      context.status.clear();
      const [logprobs] = await coca.readCaption(encoding, ids);
      const all = wordsToShow(wordsOf(ids, logprobs!, coca.tokenizer), options.special);
      const words = options.word === undefined ? all : [all[findWord(all, options.word, '--word')]!];
      // What comes after the last word that is wanted has no say in it.
      const read = ids.slice(0, Math.max(...words.flatMap(({ positions }) => positions)) + 1);
      const costs = await costsOf(sites, picture, read, coca, options, context);
      context.onCaption(image, text);
      const { name, device, precision, ablated } = coca;
      const by = { name, device, precision, ablated };
      const about = { image, square: squareOf(input.bytes, coca), caption: text, words, coca: by };
      yield { kind: 'result', result: { ...about, heads: headCosts(costs, words), with: options.ablateWith } };
    });
  },
  async writer(format, { options }, context): Promise<ResultWriter<HeadsResult>> {
    if (format === 'json' || format === 'jsonl') return jsonWriter(context.out, format, headsObject);
    if (format === 'plain') {
      return {
        objects: undefined,
        result: (result) => context.out.write(`${headsLines(result).join('\n')}\n`),
      };
    }
    const [{ headsSource }, { presentMatrix }] = await Promise.all([
      import('./source.js'),
      import('../io/inside/show-matrix.js'),
    ]);
    // The largest cost first: its head is the first row.
    const largest = ({ heads: [first] }: HeadsResult) => ({ column: first!.words.indexOf(Math.max(...first!.words)) });
    return {
      objects: undefined,
      result: (result) => presentMatrix(headsSource(result), largest(result), options.html === undefined, context),
    };
  },
  page: {
    view: 'heads',
    objectOf: headsObject,
    picturesOf: ({ image, square }) => [{ name: image, square }],
  },
});

async function sitesOf(name: SitesName, { config }: LoadedCoca): Promise<readonly Site[]> {
  const { describeSites, headsOf } = await import('../../model/interventions/sites.js');
  const sites = headsOf(config, SITES[name]);
  if (sites.length > 0) return sites;
  throw new CocaError('usage', `this model has no ${name}`, `it has ${describeSites(config)}`);
}

async function costsOf(
  sites: readonly Site[],
  picture: Picture,
  ids: readonly number[],
  coca: CaptioningCoca,
  { ablateWith, ablateOver }: AblationValues,
  context: CommandContext,
): Promise<readonly SiteCost[]> {
  const { siteCosts } = await import('../../model/interventions/heads.js');
  const { meansOf } = await import('../io/inside/ablated-model.js');
  const means = ablateWith === 'mean' ? await meansOf(coca, ablateOver, context) : undefined;
  const costs: SiteCost[] = [];
  for await (const cost of siteCosts(coca, picture, ids, sites, { means, signal: context.signal })) {
    costs.push(cost);
    context.status.show(`taking out heads: ${Math.floor((100 * costs.length) / sites.length)} %`);
  }
  context.status.clear();
  return costs;
}
