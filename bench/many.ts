/**
 * Many photographs: captions and embeddings a second beside OpenCLIP with its DataLoader, from files to results.
 *
 *   npm run bench -- many [CONFIG [COUNT]]     CONFIG: coca_ViT-B-32 (default), coca_ViT-L-14, or a model folder; COUNT: 1000
 *
 * The photographs are made once in the system's temporary folder: JPEGs of 1 to 12 megapixels, textured so that they
 * take as long to decode as real ones. Each program gets a list of them in one process, whose start and load count.
 */
import { fileURLToPath } from 'node:url';
import { CPU_PRECISIONS, columns, hasPeer, machine, modelFolder, PYTHON } from './common.js';
import { photographs, SIZES } from './photographs.js';
import { timed } from './timed.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const CLI = path('../dist/cli.js');
const PEER = path('peer_many.py');
const WORK = {
  'embeddings/s': ['embed'],
  'captions/s, greedy': ['caption', '--strategy', 'greedy'],
  'captions/s, 6 beams': ['caption'],
} as const;
type Work = keyof typeof WORK;

const idsOf = (stdout: string): string[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).ids?.join() ?? '');

const [, name = 'coca_ViT-B-32', given = '1000'] = process.argv.slice(2);
const folder = await modelFolder(name);
const count = Number(given);
const list = await photographs(count);
const quarter = await photographs(Math.ceil(count / 4));
const hasOpenClip = hasPeer('open_clip, transformers');
const scoring = ['--scoring', 'openclip'];

console.log(`${name}, ${count} photographs of ${SIZES[0]} to ${SIZES.at(-1)} megapixels, ${machine()}`);
console.log(columns(['', ...CPU_PRECISIONS, ...(hasOpenClip ? ['OpenCLIP', 'ratio'] : [])]));
const memory: string[] = [];
for (const work of Object.keys(WORK) as Work[]) {
  const [command, ...options] = WORK[work];
  const rates: number[] = [];
  let found: string[] = [];
  for (const precision of CPU_PRECISIONS) {
    const ours = [CLI, command, ...options, ...(command === 'caption' ? scoring : []), '--model', folder];
    const args = [...ours, '--device', 'cpu', '--precision', precision, '--batch', 'auto', '--jsonl', '--quiet'];
    // Weights are quantised in this one, before any clock starts.
    const few = await timed('node', [...args, '--files', quarter]);
    const all = await timed('node', [...args, '--files', list]);
    rates.push(count / all.seconds);
    if (precision === 'fp32') found = idsOf(all.stdout);
    const mib = [few, all].map(({ peakMemory }) => (peakMemory / 2 ** 20).toFixed(0));
    memory.push(
      `${work.split('/s')[0]}${work.split('/s')[1]}, ${precision}: ${mib[0]} MiB for ${Math.ceil(count / 4)} photographs, ${mib[1]} for ${count}`,
    );
  }
  const cells = rates.map((rate) => rate.toFixed(2));
  if (hasOpenClip) {
    const theirs = await timed(PYTHON, [
      PEER,
      folder,
      list,
      work.includes('beams') ? 'beam' : work.includes('greedy') ? 'greedy' : 'embed',
    ]);
    const rate = count / theirs.seconds;
    cells.push(rate.toFixed(2), `${(rates[0]! / rate).toFixed(1)} x`);
    if (command === 'caption') {
      const ids = theirs.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as number[]).join());
      const equal = found.filter((one, i) => one === ids[i]).length;
      memory.push(`${work}: ${equal} of ${count} captions have OpenCLIP's ids`);
    }
  }
  console.log(columns([work, ...cells]));
}
for (const line of memory) console.log(line);
if (!hasOpenClip)
  console.log(`OpenCLIP was not measured: ${PYTHON} has no open_clip and transformers (set COCA_PEER_PYTHON)`);
