import { expect, test } from 'vitest';
import { hasByteProducts } from '../../../src/model/quantise/cpu.js';
import { temporaryFolder } from '../../support/folder.js';

const { write, at } = temporaryFolder();

test.runIf(process.platform === 'linux').each([
  ['flags\t\t: fpu sse2 avx2 avx512f avx512_vnni', true],
  ['flags\t\t: fpu sse2 avx2 avx_vnni', true],
  ['Features\t: fp asimd asimddp', true],
  ['flags\t\t: fpu sse2 avx2 avx512f', false],
])('%j: %s', async (text, expected) => {
  expect(await hasByteProducts(write('cpuinfo', text))).toBe(expected);
});

test('where the system does not tell', async () => {
  const expected = process.arch === 'arm64' && process.platform === 'darwin' ? true : undefined;
  expect(await hasByteProducts(at('nothing'))).toBe(expected);
});
