import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { assemble, KERNELS } from '../../../../scripts/kernels/assemble.js';
import { kernelMaker, MemoryPlan } from '../../../../src/model/base/numbers/kernel.js';

test.each(KERNELS)('$name as it is committed is what its text assembles to', async (kernel) => {
  const { path, source } = await assemble(kernel);
  expect(readFileSync(path, 'utf8')).toBe(source);
});

test('a plan has places for all, one after the other, at multiples of 16 bytes', () => {
  const plan = new MemoryPlan();
  expect([plan.reserve(5), plan.reserve(16), plan.reserve(1), plan.reserve(0)]).toEqual([0, 16, 32, 48]);
  expect(plan.bytes).toBe(48);
});

test('each kernel has a memory of its own, as large as its plan', () => {
  // The module that exports nothing but a memory of one page
  const make = kernelMaker<object>('AGFzbQEAAAAFAwEAAQcKAQZtZW1vcnkCAA==');
  const [one, other] = [make()!, make()!];
  const plan = new MemoryPlan();
  plan.reserve(100_000);
  const memory = new Uint8Array(plan.fit(one));
  expect(memory.length).toBe(2 * 65536);
  expect(new Uint8Array(plan.fit(one))).toHaveLength(2 * 65536);
  memory[3] = 7;
  expect(new Uint8Array(other.memory.buffer)).toHaveLength(65536);
  expect(new Uint8Array(other.memory.buffer)[3]).toBe(0);
});

test('none where the module is of instructions that this machine does not have', () => {
  const code = Buffer.from('AGFzbQEAAAAFAwEAAQcKAQZtZW1vcnkCAA==', 'base64');
  code[4] = 9;
  expect(kernelMaker(code.toString('base64'))()).toBeUndefined();
});
