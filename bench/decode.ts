/**
 * Where the time of a decoding step goes: in the graph, and around it (what ONNX Runtime's binding is given and gives, the search,
 * the caches' upkeep).
 *
 *   npm run bench -- decode [MODEL [BEAMS [SEARCHES [KIND]]]]    MODEL: coca_ViT-B-32 (random weights), a bundled name (default: scenes),
 *     a folder; KIND: the start of one of the rows' names; PRECISION=int8 for weights in 8 bits
 *
 * Every step of a search is timed by itself, and of each place in the search the least over all searches counts: what a
 * busy machine adds is left out.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { DecodingOptions } from '../src/model/decoding/index.js';
import { decodingOptions } from '../src/model/decoding/index.js';
import { loadPicture } from '../src/model/image/load-picture.js';
import { loadCoca } from '../src/model/store/load.js';
import { modelFolder } from './common.js';

const IMAGE = fileURLToPath(new URL('../fixtures/scenes/0009.png', import.meta.url));

type Native = new () => { run(...args: unknown[]): unknown };

/** Milliseconds that ONNX Runtime's own code has run since it was last asked. */
function nativeClock(): () => number {
  const { binding } = createRequire(import.meta.url)('onnxruntime-node/dist/binding.js') as {
    binding: { InferenceSession: Native };
  };
  let spent = 0;
  binding.InferenceSession = class extends binding.InferenceSession {
    override run(...args: unknown[]): unknown {
      const start = performance.now();
      try {
        return super.run(...args);
      } finally {
        spent += performance.now() - start;
      }
    }
  };
  return () => {
    const since = spent;
    spent = 0;
    return since;
  };
}

const [model = 'scenes', beams = '6', searches = '20', kind = ''] = process.argv.slice(3);
const precision = process.env.PRECISION === 'int8' ? 'int8' : 'fp32';
const clock = nativeClock();
const coca = await loadCoca({ model: model === 'scenes' ? model : await modelFolder(model), device: 'cpu', precision });
const picture = await loadPicture(readFileSync(IMAGE), coca.preprocess);
const image = await coca.encodeImages([picture]);
const limit = { contextLength: coca.config.text.context_length };

const KINDS: Readonly<Record<string, Partial<DecodingOptions>>> = {
  greedy: { strategy: 'greedy' },
  [`beam ${beams}`]: { strategy: 'beam', beams: Number(beams) },
  'beam, top 5': { strategy: 'beam', beams: Number(beams), logprobs: 5 },
  'no repeated words': { strategy: 'beam', beams: Number(beams), noRepeatNgram: 2 },
  'sample, top k 50': { strategy: 'sample', topK: 50 },
  sample: { strategy: 'sample' },
};

console.log(`${coca.name} (${precision}) on ${coca.device}: milliseconds a step, ${searches} searches each`);
console.log(`${''.padEnd(20)}${['step', 'in the graph', 'ours', 'steps'].map((name) => name.padStart(14)).join('')}`);
for (const [name, given] of Object.entries(KINDS).filter(([name]) => name.startsWith(kind))) {
  const options = decodingOptions({ ...given, minLength: Math.min(29, limit.contextLength - 1) }, limit);
  const whole: number[] = [];
  const graph: number[] = [];
  const ours: number[] = [];
  for (let search = 0; search < Number(searches) + 2; search++) {
    let last = performance.now();
    clock();
    await coca.caption(image, options, {
      onStep: ({ step }) => {
        const now = performance.now();
        const inside = clock();
        const all = now - last;
        // The first step has the image's keys and values to compute; the first searches make all warm.
        if (step > 1 && search >= 2) {
          whole[step] = Math.min(whole[step] ?? Infinity, all);
          graph[step] = Math.min(graph[step] ?? Infinity, inside);
          ours[step] = Math.min(ours[step] ?? Infinity, all - inside);
        }
        last = now;
      },
    });
  }
  const mean = (times: readonly number[]) => {
    const taken = times.filter((time) => time !== undefined);
    return taken.reduce((sum, time) => sum + time, 0) / taken.length;
  };
  const cells = [whole, graph, ours].map((times) => mean(times).toFixed(3));
  console.log(`${name.padEnd(20)}${[...cells, String(whole.length - 2)].map((cell) => cell.padStart(14)).join('')}`);
}
await coca.close();
