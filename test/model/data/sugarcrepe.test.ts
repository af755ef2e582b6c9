import { expect, test } from 'vitest';
import { openDataset } from '../../../src/model/data/index.js';
import { readSample } from '../../../src/model/data/read.js';
import { inSequence } from '../../../src/model/data/sequence.js';
import { coca } from '../../support/cli.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';

const { write } = temporaryFolder();
const ITEMS = {
  0: {
    filename: '0001.png',
    caption: 'a small book on a pink background',
    negative_caption: 'a small book on a blue background',
  },
  1: { filename: '0003.png', caption: 'a taxi', negative_caption: 'a swan' },
};

test('SugarCrepe: a caption and a false one of each picture, told apart by --ranking', async () => {
  const file = write('replace_obj.json', JSON.stringify(ITEMS));
  const dataset = await openDataset(file, { needs: 'captions', imageFolder: fixture('scenes') });
  const samples = [];
  for await (const locator of inSequence(dataset, () => undefined)) samples.push(await readSample(locator));
  expect(samples).toMatchObject([
    { captions: [ITEMS[0].caption], hardNegatives: [ITEMS[0].negative_caption] },
    { captions: ['a taxi'], hardNegatives: ['a swan'] },
  ]);
  const args = ['eval', file, '--ranking', '--image-folder', fixture('scenes'), '--json', '-q'];
  const [{ metrics, samples: count }] = JSON.parse((await coca(args)).stdout);
  expect({ acc: metrics.acc, count }).toEqual({ acc: 1, count: 2 });
});

test('an item without a false caption, or no object, is named', async () => {
  const broken = write('broken.json', JSON.stringify({ ...ITEMS, 2: { filename: 'x.png', caption: 'a' }, 3: null }));
  await expect(openDataset(broken, { needs: 'captions' })).rejects.toThrow(/item "2" has no text "negative_caption"/);
});
