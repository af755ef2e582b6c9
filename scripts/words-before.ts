/**
 * The figures of docs/attention.md for what words owe to the words before them: of words of the bundled scenes' captions that the grammar
 * ties to one before them, how often that is what they are said to owe most to.
 *
 *     node --import tsx scripts/words-before.ts [MODEL]
 */
import { readFileSync } from 'node:fs';
import { attendCaption } from '../src/model/attention/index.js';
import { owedToWords } from '../src/model/attention/owed.js';
import { loadPicture } from '../src/model/image/load-picture.js';
import { BUNDLED_SCENES, readScenes } from '../src/model/scenes/scenes-file.js';
import { loadCoca } from '../src/model/store/load.js';

/** Where the word is that one is tied to, or the first of several in a row; undefined where the grammar ties it to none. */
function tiedTo(words: readonly string[], at: number): number | undefined {
  const before = words[at - 1];
  switch (words[at]) {
    case 'the': // "to the left of"
      return at - 1;
    case 'left':
    case 'right':
      return at - 2;
    case 'of': // of "a bunch of grapes" nothing is claimed
      return before === 'left' || before === 'right' ? at - 1 : undefined;
    default: // a plural
      return ['two', 'three', 'four'].includes(before ?? '') ? at - 1 : undefined;
  }
}

const [model] = process.argv.slice(2);
const coca = await loadCoca(model === undefined ? {} : { model });
const hits = { tied: 0, owed: 0, attention: 0 };
for (const { image, caption } of await readScenes(BUNDLED_SCENES)) {
  const { special } = coca.tokenizer;
  const ids = [special.sot, ...coca.tokenizer.encode(caption), special.eot];
  const encoded = await coca.encodeImages([await loadPicture(readFileSync(image), coca.preprocess)], {
    attention: true,
  });
  const { words: all, raw } = await attendCaption(coca, encoded, ids, { gradient: false });
  const words = all.filter(({ special }) => !special);
  const owed = await owedToWords(coca, encoded, ids, words);
  /** Attention of a word's rows to another's, summed over layers and heads of both halves. */
  const attended = (child: number, parent: number): number => {
    let sum = 0;
    for (const { data, heads, queries } of [...raw.text, ...raw.decoderSelf]) {
      for (let head = 0; head < heads; head++) {
        for (const to of words[child]!.positions) {
          for (const from of words[parent]!.positions) sum += data[(head * queries + to - 1) * queries + from]!;
        }
      }
    }
    return sum;
  };
  const texts = words.map(({ text }) => text);
  for (const at of texts.keys()) {
    const first = tiedTo(texts, at);
    if (first === undefined) continue;
    hits.tied++;
    const most = (figures: readonly number[]) => figures.indexOf(Math.max(...figures));
    if (most(owed[at]!) >= first) hits.owed++;
    if (most(texts.slice(0, at).map((_, parent) => attended(at, parent))) >= first) hits.attention++;
  }
}
await coca.close();
console.log(JSON.stringify(hits));
