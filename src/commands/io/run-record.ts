import { readFile } from 'node:fs/promises';
import { VERSION } from '../../cli/version.js';
import type { Coca } from '../../model/api.js';
import { CocaError } from '../../model/base/errors.js';
import { fileError } from '../../model/base/regular-file.js';
import { decodeText } from '../../model/base/text-decoding.js';
import { writeWhole } from '../../model/base/whole-file.js';
import { variantOf } from './model.js';

/** What results depend on besides the pictures: a file of results is gone on with only if this is the same. */
export interface RunRecord {
  /** Which program wrote it; says where results came from, and is not compared. */
  readonly coca: string;
  readonly model: {
    readonly name: string;
    readonly config: unknown;
    readonly fingerprint: string;
    /** Of the tokenizer's files, where it has any. */
    readonly tokenizer?: string;
    readonly precision?: string;
    readonly ablated?: readonly string[];
    readonly ablated_with?: string;
  };
  readonly options: Readonly<Record<string, unknown>>;
}

/** @param options every option that shapes a result, those that were not typed included */
export async function runRecord(
  coca: Pick<Coca, 'name' | 'config' | 'fingerprint' | 'tokenizerFingerprint' | 'precision' | 'ablated'>,
  options: Readonly<Record<string, unknown>>,
): Promise<RunRecord> {
  const tokenizer = await coca.tokenizerFingerprint();
  const model = {
    ...{ name: coca.name, config: coca.config, fingerprint: await coca.fingerprint() },
    ...(tokenizer !== undefined && { tokenizer }),
    ...variantOf(coca),
  };
  return { coca: VERSION, model, options };
}

/** Where the record of a file of results is kept: beside it, so that the file holds results and nothing else. */
export function recordPath(results: string): string {
  return `${results}.run.json`;
}

export async function writeRecord(results: string, record: RunRecord): Promise<void> {
  const text = `${JSON.stringify(record, null, 2)}\n`;
  await writeWhole(recordPath(results), (write) => write(Buffer.from(text)));
}

/**
 * Checks that a file of results was written as this run would write it.
 * @throws CocaError `usage` naming what differs; `not-found` or `unreadable` without a sound record
 */
export async function requireSameRun(results: string, record: RunRecord): Promise<void> {
  const differences = runDifferences(await readRecord(results), record);
  if (differences.length === 0) return;
  throw new CocaError(
    'usage',
    `${results} was written with other settings: ${differences.join(', ')}`,
    'give the same model and options to go on with it, or another file',
  );
}

/** What of two runs shapes results and differs, as messages name it. */
export function runDifferences(earlier: Partial<RunRecord>, record: RunRecord): readonly string[] {
  return [
    ...(earlier.model?.name === record.model.name && isSame(earlier.model?.config, record.model.config)
      ? earlier.model.fingerprint === record.model.fingerprint
        ? []
        : ['the weights']
      : [`the model ${earlier.model?.name}`]),
    ...(earlier.model?.tokenizer === record.model.tokenizer ? [] : ['the tokenizer']),
    ...(earlier.model?.precision === record.model.precision ? [] : ['--precision']),
    ...(isSame(earlier.model?.ablated, record.model.ablated) ? [] : ['--ablate']),
    ...(earlier.model?.ablated_with === record.model.ablated_with ? [] : ['--ablate-with']),
    ...optionDifferences(earlier.options ?? {}, record.options),
  ];
}

async function readRecord(results: string): Promise<Partial<RunRecord>> {
  const path = recordPath(results);
  let text: string;
  try {
    text = decodeText(await readFile(path), path);
  } catch (error) {
    const { code, message, hint } = fileError(path, error);
    const why = `without ${path}, which says how it was made, ${results} cannot be gone on with`;
    throw new CocaError(code, `${why}: ${message}`, hint ?? 'choose another file', { cause: error });
  }
  try {
    const record: unknown = JSON.parse(text);
    if (typeof record === 'object' && record !== null) return record;
  } catch {
    // Said below: whatever it is, it is no record.
  }
  throw new CocaError('unreadable', `${path} is no record of a run`, 'choose another file for the results');
}

function optionDifferences(earlier: RunRecord['options'], now: RunRecord['options']): string[] {
  const names = new Set([...Object.keys(earlier), ...Object.keys(now)]);
  return [...names]
    .filter((name) => !isSame(earlier[name], now[name]))
    .map((name) => `${name} ${shown(earlier[name])} (now ${shown(now[name])})`);
}

function shown(value: unknown): string {
  return value === undefined ? 'not given' : JSON.stringify(value);
}

/** As JSON has them: a record was read back from it. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
