import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { CocaError, type ErrorCode } from '../../../src/model/base/errors.js';

/** A folder for one test file, removed after its tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coca-checkpoint-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

let count = 0;

/** Writes `bytes` to a new file in `folder`. */
export function temporaryFile(folder: string, bytes: Uint8Array | string, extension = '.safetensors'): string {
  const path = join(folder, `file${count++}${extension}`);
  writeFileSync(path, bytes);
  return path;
}

/** The CocaError that `operation` ends with; fails for any other end. */
export async function refusal(operation: Promise<unknown>, code: ErrorCode = 'bad-checkpoint'): Promise<CocaError> {
  const outcome = await operation.then(
    () => 'accepted',
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(CocaError);
  expect((outcome as CocaError).code).toBe(code);
  return outcome as CocaError;
}
