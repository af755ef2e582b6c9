import { readFileSync } from 'node:fs';
import { defineCommand } from '../cli/command.js';
import { CocaError } from '../model/base/errors.js';
import type { Measurement } from '../model/bench.js';
import { DECODING_KNOBS } from '../model/decoding/knobs.js';
import { publicName } from '../model/net/address.js';
import { visible } from '../ui/text.js';
import { numberOption } from './io/knob-options.js';
import { MODEL_GLOBALS, precisionOf, withModel } from './io/model.js';
import { writeOne } from './io/results.js';
import { readImage } from './io/sources.js';

const { beams, maxLength } = DECODING_KNOBS;

export const bench = defineCommand({
  name: 'bench',
  summary: 'how fast the model runs here',
  details: [
    'Medians of repeated runs after one that is not counted, on the picture given or on a gray one. Captions are timed from pixels to ids.',
    'load is the time until it was ready to caption; peak memory is that of the whole process.',
  ].join('\n'),
  args: [
    {
      name: 'IMAGE',
      description: 'path or URL of a picture to caption',
      kind: 'file',
      required: false,
      variadic: false,
    },
  ],
  options: {
    seconds: { type: 'number', min: 0, default: 3, description: 'to spend on each measurement, at least' },
    beams: { ...numberOption(beams), default: beams.default, description: 'beams of the caption' },
    maxLength: { ...numberOption(maxLength), default: maxLength.default, description: 'ids of the caption, at most' },
    batch: {
      type: 'text',
      placeholder: 'N,...',
      otherwise: '1, and 8 that are encoded alone',
      description: 'how many pictures go side by side, one number after the other',
    },
    scoring: {
      type: 'choice',
      choices: DECODING_KNOBS.scoring.choices,
      placeholder: 'HOW',
      default: DECODING_KNOBS.scoring.default,
      description: DECODING_KNOBS.scoring.does,
    },
  },
  globals: [...MODEL_GLOBALS],
  examples: [
    { line: 'coca bench', does: 'the bundled model' },
    { line: 'coca bench photo.jpg --model coca-b32 --device cpu --json', does: 'a checkpoint, for a program' },
  ],
  async check({ options }) {
    parseBatches(options.batch);
  },
  async run({ args, options }, context) {
    const batches = parseBatches(options.batch);
    // The time of the model is not that of the picture.
    const bytes = await pictureBytes(args[0], context);
    const start = performance.now();
    return withModel(options, context, async (coca) => {
      await coca.prepare(coca.config.multimodal ? 'captions' : 'images');
      const loadMs = performance.now() - start;
      const { loadPicture } = await import('../model/image/load-picture.js');
      const { measure } = await import('../model/bench.js');
      const picture = await loadPicture(bytes, coca.preprocess);
      const measurements: Measurement[] = [];
      for await (const measurement of measure(coca, picture, {
        ...options,
        ...(batches && { batches }),
        signal: context.signal,
      })) {
        const { text: _, ...figures } = measurement;
        measurements.push(figures);
        context.status.show(`${measurement.task}: ${measurement.ms.toFixed(1)} ms`);
      }
      context.status.clear();
      const report = {
        model: coca.name,
        device: coca.device,
        ...precisionOf(coca),
        scoring: options.scoring,
        load: loadMs,
        measurements,
        peakMemory: peakMemory(),
      };
      await writeOne(options, context, report, reportLines(report));
      return { done: 1, failed: 0 };
    });
  },
});

/** @throws CocaError `usage` for what is no list of counts */
function parseBatches(text: string | undefined): number[] | undefined {
  return text?.split(',').map((word) => {
    const batch = Number(word);
    if (Number.isSafeInteger(batch) && batch > 0) return batch;
    throw new CocaError('usage', `--batch takes counts of pictures, not '${word}'`, 'for instance --batch 1,32');
  });
}

async function pictureBytes(name: string | undefined, context: Parameters<typeof readImage>[1]): Promise<Uint8Array> {
  if (name !== undefined) {
    const input = await readImage(publicName(name), context);
    if ('error' in input) throw input.error;
    return input.bytes;
  }
  const { default: sharp } = await import('sharp');
  const gray = { width: 320, height: 240, channels: 3, background: { r: 128, g: 128, b: 128 } } as const;
  return sharp({ create: gray }).png().toBuffer();
}

/** Bytes: the most that this process had resident. */
function peakMemory(): number {
  // Linux counts what a process's parent had, too, in the figure that every system has.
  try {
    const own = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'));
    if (own) return Number(own[1]) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}

interface Report {
  readonly model: string;
  readonly device: string;
  readonly scoring: string;
  readonly load: number;
  readonly measurements: readonly Measurement[];
  readonly peakMemory: number;
}

function reportLines({ model, device, scoring, load, measurements, peakMemory }: Report): string[] {
  const row = (what: string, samples: string, ms: string, rate: string) =>
    `${what.padEnd(24)}${samples.padStart(8)}${ms.padStart(12)}${rate.padStart(18)}`.trimEnd();
  return [
    `${visible(model)} on ${device}, captions by the rules of ${scoring}`,
    row('', 'batch', 'time', 'rate'),
    row('load', '', `${load.toFixed(0)} ms`, ''),
    ...measurements.map(({ task, batch, ms, perSecond }) =>
      row(
        task,
        String(batch),
        `${ms.toFixed(1)} ms`,
        `${perSecond.toFixed(1)} ${task === 'encode image' ? 'images' : task === 'encode text' ? 'texts' : 'ids'}/s`,
      ),
    ),
    row('peak memory', '', `${(peakMemory / 2 ** 20).toFixed(0)} MiB`, ''),
  ];
}
