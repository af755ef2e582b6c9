import { describe, expect, it } from 'vitest';
import { openSafetensors } from '../../../src/model/checkpoint/safetensors.js';
import { checkShapes } from '../../../src/model/checkpoint/shapes.js';
import { buildSafetensors, tensor } from './build-safetensors.js';
import { temporaryFile, temporaryFolder } from './temporary.js';

const folder = temporaryFolder();
const open = (first: string, second: string) => {
  const header = { [first]: JSON.parse(tensor('F32', [1], 0, 4)), [second]: JSON.parse(tensor('F32', [1], 4, 8)) };
  return openSafetensors(temporaryFile(folder, buildSafetensors(JSON.stringify(header), 8)));
};

describe('module. before names in safetensors', () => {
  it('is taken off where all have it; errors name tensors as the file does', async () => {
    const file = await open('module.a', 'module.b');
    expect([...file.tensors.keys()]).toEqual(['a', 'b']);
    expect(() => checkShapes(file, new Map([['a', [2]]]))).toThrow(/unexpected \("module\.b"\).*"module\.a" is \[1\]/);
  });

  it('stays where one has none', async () => {
    expect([...(await open('module.a', 'b')).tensors.keys()]).toEqual(['module.a', 'b']);
  });
});
