import { readFile } from 'node:fs/promises';

/** Instructions for sums of products of bytes, as Linux names them: VNNI of x86-64, dot products of Arm. */
const BYTE_PRODUCTS = /\b(avx512_vnni|avx_vnni|asimddp|i8mm)\b/;

/**
 * Whether the CPU has instructions that make products of bytes faster than those of single precision; undefined where the system does
 * not tell.
 */
export async function hasByteProducts(file = '/proc/cpuinfo'): Promise<boolean | undefined> {
  if (process.arch === 'arm64' && process.platform === 'darwin') return true;
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : BYTE_PRODUCTS.test(text);
}
