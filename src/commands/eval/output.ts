import type { Format } from '../../cli/answers.js';
import type { Output } from '../../cli/output.js';
import type { Prediction } from '../../model/evaluation/captioning.js';
import type { Measure, Metrics } from '../../model/evaluation/measure.js';
import type { AnswerPrediction } from '../../model/evaluation/vqa.js';
import { padEnd, widthOf } from '../../ui/layout.js';
import { safeJson, visible } from '../../ui/text.js';
import type { Variant } from '../io/model.js';

/** One task's figures with what they are of, under CLIP_benchmark's keys; `samples` and what follows is ours. */
export interface TaskReport extends Variant {
  readonly dataset: string;
  readonly model: string;
  readonly pretrained: string;
  readonly task: string;
  readonly metrics: Metrics;
  /** `en` where the data say nothing of it. */
  readonly language: string;
  readonly samples: number;
  /** How many different texts were cut to the context; not there where none was. */
  readonly truncated?: number;
  /** Of a head: how often each class was taken for each other. */
  readonly confusion?: unknown;
}

/** The report of a measure; of data in several languages, one for each. */
export async function taskReports(
  measure: Measure,
  names: Pick<TaskReport, 'dataset' | 'model' | 'pretrained'> & {
    readonly truncated: number;
    readonly variant: Variant;
  },
): Promise<TaskReport[]> {
  const { task } = measure;
  const { truncated, variant, ...about } = names;
  const languages = (await measure.byLanguage?.()) ?? [
    ['en', { metrics: await measure.metrics(), count: measure.count }] as const,
  ];
  const details = measure.details?.();
  return [...languages].map(([language, { metrics, count }]) => ({
    ...about,
    task,
    metrics,
    language,
    samples: count,
    ...variant,
    ...details,
    ...(truncated > 0 && { truncated }),
  }));
}

/** Piped: TASK<TAB>METRIC<TAB>VALUE; for a person the same in columns, under a line that says what it is of. */
export async function writeReports(out: Output, format: Format, reports: readonly TaskReport[]): Promise<void> {
  if (format === 'json') return out.line(safeJson(reports));
  for (const report of reports) {
    if (format === 'jsonl') await out.line(safeJson(report));
    else {
      const isOfMany = reports.some((other) => other !== report && other.task === report.task);
      const lines = format === 'plain' ? plainLines(report, isOfMany) : linesOf(report, isOfMany);
      for (const line of lines) await out.line(line);
    }
  }
}

function plainLines({ task, metrics, language }: TaskReport, isOfMany: boolean): string[] {
  const suffix = isOfMany ? `_of_${language}` : '';
  return Object.entries(metrics).map(([name, value]) => [task, visible(name + suffix), value ?? '-'].join('\t'));
}

function linesOf({ task, dataset, samples, metrics, language }: TaskReport, isOfMany: boolean): string[] {
  const width = Math.max(...Object.keys(metrics).map((name) => widthOf(visible(name))));
  return [
    `${task}${isOfMany ? ` (${visible(language)})` : ''}: ${visible(dataset)}, ${samples} ${samples === 1 ? 'sample' : 'samples'}`,
    ...Object.entries(metrics).map(
      ([name, value]) => `  ${padEnd(visible(name), width)}  ${(value?.toFixed(4) ?? '-').padStart(9)}`,
    ),
  ];
}

/** Opens the file of predictions before anything is computed; it takes its name when all is done. */
export async function withPredictions<T>(
  path: string | undefined,
  work: (onPrediction: (prediction: Prediction | AnswerPrediction) => Promise<void>) => Promise<T>,
): Promise<T> {
  if (path === undefined) return work(async () => undefined);
  const { writeWhole } = await import('../../model/base/whole-file.js');
  let result: T | undefined;
  await writeWhole(path, async (write) => {
    result = await work((prediction) => write(Buffer.from(`${JSON.stringify(prediction)}\n`)));
  });
  return result!;
}
