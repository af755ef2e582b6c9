import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunControl, type TrainingEvent } from '../../src/model/training/run/events.js';
import { type NewRun, type ResumedRun, type RunOptions, trainingRun } from '../../src/model/training/run/run.js';
import { fixture } from './golden.js';

/** The golden config, smaller still: a step takes a few milliseconds. */
export function smallConfig(path: string, vocabulary = 64): string {
  const { model_cfg, preprocess_cfg } = JSON.parse(
    readFileSync(fixture('golden/pooled/open_clip_config.json'), 'utf8'),
  );
  const { vision_cfg, text_cfg, multimodal_cfg } = model_cfg;
  const tower = { layers: 1, context_length: 24, vocab_size: vocabulary };
  const json = {
    model_cfg: {
      ...model_cfg,
      vision_cfg: { ...vision_cfg, layers: 1, attn_pooler_queries: 8 },
      text_cfg: { ...text_cfg, ...tower },
      multimodal_cfg: { ...multimodal_cfg, ...tower },
    },
    preprocess_cfg,
  };
  writeFileSync(path, JSON.stringify(json));
  return path;
}

export interface Pair {
  readonly image: string;
  readonly caption: string;
}

/** Pictures and captions that come with the program. */
export function scenePairs(count: number): Pair[] {
  const scenes = JSON.parse(readFileSync(fixture('scenes/scenes.json'), 'utf8')) as Pair[];
  return scenes.slice(0, count).map(({ image, caption }) => ({ image: fixture(`scenes/${image}`), caption }));
}

export const jsonLines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** A new run of a small model on four pictures, of six steps. */
export function newRun(
  folder: string,
  change: { readonly settings?: Partial<NewRun['settings']>; readonly length?: NewRun['length'] } = {},
): NewRun {
  const data = join(folder, 'four.jsonl');
  writeFileSync(data, jsonLines(scenePairs(4)));
  return {
    start: { kind: 'fresh', config: smallConfig(join(folder, 'config.json')), tokenizer: 560 },
    settings: {
      data: [data],
      augment: false,
      batch: 3,
      accumulate: 1,
      learningRate: 3e-3,
      warmup: 2,
      schedule: 'cosine',
      weightDecay: 0.1,
      beta1: 0.9,
      beta2: 0.98,
      epsilon: 1e-6,
      optimizer: 'adamw',
      momentum: 0.95,
      ema: 0,
      clipNorm: 1,
      contrastiveWeight: 1,
      captionWeight: 2,
      labelSmoothing: 0,
      freeze: [],
      seed: 7,
      ...change.settings,
    },
    length: change.length ?? { steps: 6 },
  };
}

/** Runs to the end, and hands each event to `onEvent`, which may ask for something. */
export async function runToEnd(
  folder: string,
  run: NewRun | ResumedRun,
  options: Partial<RunOptions> & { readonly onEvent?: (event: TrainingEvent, control: RunControl) => void } = {},
): Promise<TrainingEvent[]> {
  const { onEvent, ...others } = options;
  const control = new RunControl();
  const events: TrainingEvent[] = [];
  const all = {
    folder,
    device: 'wasm' as const,
    saveEvery: 1000,
    keep: 2,
    sampleEvery: 0,
    validateEvery: 1000,
    threads: 1,
    control,
  };
  for await (const event of trainingRun(run, { ...all, ...others })) {
    events.push(event);
    onEvent?.(event, control);
  }
  return events;
}

export const eventsOf = <T extends TrainingEvent['type']>(events: readonly TrainingEvent[], type: T) =>
  events.filter((event): event is TrainingEvent & { readonly type: T } => event.type === type);
