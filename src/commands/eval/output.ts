import type { Format } from '../../cli/answers.js';
import type { Output } from '../../cli/output.js';
import type { Measure, Metrics } from '../../model/evaluation/measure.js';
import { padEnd, widthOf } from '../../ui/layout.js';
import { safeJson, visible } from '../../ui/text.js';

/** One task's figures with what they are of, under CLIP_benchmark's keys; `samples` is ours. */
export interface TaskReport {
  readonly dataset: string;
  readonly model: string;
  readonly pretrained: string;
  readonly task: string;
  readonly metrics: Metrics;
  readonly language: 'en';
  readonly samples: number;
  /** How many different texts were cut to the context; not there where none was. */
  readonly truncated?: number;
  /** Of a head: how often each class was taken for each other. */
  readonly confusion?: unknown;
}

export async function taskReport(
  measure: Measure,
  names: Pick<TaskReport, 'dataset' | 'model' | 'pretrained'> & { readonly truncated: number },
): Promise<TaskReport> {
  const { task, count } = measure;
  const { dataset, model, pretrained, truncated } = names;
  const report = {
    dataset,
    model,
    pretrained,
    task,
    metrics: await measure.metrics(),
    language: 'en',
    samples: count,
    ...measure.details?.(),
  } as const;
  return truncated > 0 ? { ...report, truncated } : report;
}

/** Piped: TASK<TAB>METRIC<TAB>VALUE; for a person the same in columns, under a line that says what it is of. */
export async function writeReports(out: Output, format: Format, reports: readonly TaskReport[]): Promise<void> {
  if (format === 'json') return out.line(safeJson(reports));
  for (const report of reports) {
    if (format === 'jsonl') await out.line(safeJson(report));
    else for (const line of format === 'plain' ? plainLines(report) : linesOf(report)) await out.line(line);
  }
}

function plainLines({ task, metrics }: TaskReport): string[] {
  return Object.entries(metrics).map(([name, value]) => [task, visible(name), value ?? '-'].join('\t'));
}

function linesOf({ task, dataset, samples, metrics }: TaskReport): string[] {
  const width = Math.max(...Object.keys(metrics).map((name) => widthOf(visible(name))));
  return [
    `${task}: ${visible(dataset)}, ${samples} ${samples === 1 ? 'sample' : 'samples'}`,
    ...Object.entries(metrics).map(
      ([name, value]) => `  ${padEnd(visible(name), width)}  ${(value?.toFixed(4) ?? '-').padStart(9)}`,
    ),
  ];
}
