import type { ResultWriter } from '../../cli/answers.js';
import { visible } from '../../ui/text.js';
import { defineResults, type Finding } from '../io/define-results.js';
import { checkDtype, DTYPE_OPTION, requireFormat } from '../io/formats/format.js';
import { jsonWriter } from '../io/results.js';

/** A part that is whole. */
interface FoundPart {
  readonly part: string;
  readonly shard: readonly [index: number, count: number];
  readonly results: number;
  readonly failed: number;
  readonly model: string;
  readonly device: string;
}

export const parts = defineResults({
  name: 'parts',
  summary: 'checks the parts that shards have written, and merges them',
  usage: 'parts DIR [-o FILE]',
  details: [
    'A part counts if its file is as its manifest (part-I-of-N.json) says, by size and SHA-256, and if it is of the same command, model, weights, precision, options and pictures as the others. Together the parts must have every picture that was given, each as often as it was given.',
    '--output: one file in the order of the names, and NAME.errors.jsonl beside it where pictures failed; NAME.npy has NAME.parquet beside it, a row for each of its rows. It is written whole or not at all, and only if all parts count. Memory does not grow with their size.',
    'Piped: PART<TAB>RESULTS<TAB>FAILED<TAB>DEVICE. JSON: {"part", "shard": [I, N], "results", "failed", "model", "device"}, or {"part", "error"}.',
  ].join('\n'),
  args: [
    {
      name: 'DIR',
      description: 'the folder of --output with --shard',
      kind: 'folder',
      required: true,
      variadic: false,
    },
  ],
  options: {
    output: {
      type: 'text',
      kind: 'file',
      short: 'o',
      access: 'write',
      placeholder: 'FILE',
      description: 'all results in one file: NAME.jsonl, NAME.parquet, or of embeddings NAME.npy',
    },
    ...DTYPE_OPTION,
  },
  globals: ['json', 'jsonl', 'quiet'],
  examples: [
    { line: 'coca parts captions', does: 'what is there, and what is missing' },
    { line: 'coca parts captions -o captions.jsonl', does: 'all parts in one file' },
    { line: 'coca parts embeddings -o all.npy --dtype fp16', does: 'a matrix of embeddings, and a table of its rows' },
  ],
  async check({ options }) {
    const { output, dtype } = options;
    checkDtype(dtype, output === undefined ? undefined : requireFormat(output, ['jsonl', 'parquet', 'npy']));
  },
  async *find({ args, options }, context): AsyncGenerator<Finding<FoundPart>> {
    const { checkParts } = await import('./check-parts.js');
    const folder = args[0]!;
    if (options.output !== undefined)
      await (await import('../io/formats/into-file.js')).requireNewFiles(options.output);
    const sound = [];
    let isSound = true;
    for await (const found of checkParts(folder, (text) => context.status.show(text))) {
      if ('error' in found) {
        isSound = false;
        yield { kind: 'failure', name: found.name, error: found.error, key: 'part' };
        continue;
      }
      sound.push(found);
      const { part, shard, results, failed, model, device } = found;
      yield { kind: 'result', result: { part: part.name, shard, results, failed, model: model.name, device } };
    }
    context.status.clear();
    if (options.output === undefined) return;
    if (!isSound) {
      yield { kind: 'notice', text: `${options.output} was not written: not all parts count` };
      return;
    }
    const { mergeParts } = await import('./merge.js');
    const { results, failed } = await mergeParts(folder, sound, options.output, options.dtype, context);
    const lost = failed === 0 ? '' : `, and ${failed} failures beside it`;
    yield { kind: 'notice', text: `${options.output}: ${results} results of ${sound.length} parts${lost}` };
  },
  async writer(format, _, { out }): Promise<ResultWriter<FoundPart>> {
    if (format === 'json' || format === 'jsonl') return jsonWriter(out, format, (found: FoundPart) => found);
    return {
      objects: undefined,
      result: ({ part, results, failed, device }) => out.line([visible(part), results, failed, device].join('\t')),
    };
  },
});
