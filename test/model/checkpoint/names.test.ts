import { describe, expect, test } from 'vitest';
import { nameInFile, openSafetensors } from '../../../src/model/checkpoint/index.js';
import { shapeInFile, underModelNames } from '../../../src/model/checkpoint/names.js';
import { DUAL_ENCODERS, dualEncoder } from '../../support/dual-encoders.js';

describe("names of OpenCLIP's checkpoints", () => {
  test.each(DUAL_ENCODERS)('%s: the network has one for each, and knows how the file spells it', async (name) => {
    const { folder } = await dualEncoder(name);
    const file = await openSafetensors(`${folder}/open_clip_model.safetensors`);
    const { tensors, spelling } = underModelNames(file);
    expect(tensors.size).toBe(file.tensors.size);
    for (const [network, { name: own, shape }] of tensors) {
      expect(nameInFile(network, spelling)).toBe(own);
      expect(shapeInFile(network, shape, spelling)).toEqual(file.tensors.get(own)!.shape);
    }
  });

  test('wrappers come off in any order, before all else is told', () => {
    const names = [
      'token_embedding.weight',
      'visual.trunk.pos_embed',
      'logit_scale',
      'transformer.resblocks.0.ln_1.bias',
    ];
    const wrapped = new Map(names.map((name) => [`module._orig_mod.${name}`, { shape: [1, 4, 8] }]));
    const { tensors, spelling } = underModelNames({ tensors: wrapped });
    expect([...tensors.keys()]).toEqual([
      'text.token_embedding.weight',
      'visual.positional_embedding',
      'logit_scale',
      'text.transformer.resblocks.0.ln_1.bias',
    ]);
    expect(tensors.get('visual.positional_embedding')!.shape).toEqual([4, 8]);
    expect(nameInFile('visual.positional_embedding', spelling)).toBe('module._orig_mod.visual.trunk.pos_embed');
  });
});
