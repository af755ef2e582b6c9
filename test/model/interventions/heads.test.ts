import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadPicture } from '../../../src/model/image/load-picture.js';
import type { Picture } from '../../../src/model/image/picture.js';
import { type SiteCost, siteCosts } from '../../../src/model/interventions/heads.js';
import { meanActivations } from '../../../src/model/interventions/means.js';
import { headsOf, parseSite, parseSites, type Site, siteName } from '../../../src/model/interventions/sites.js';
import { type LoadedCoca, loadCoca } from '../../../src/model/store/load.js';
import { fixture } from '../../support/golden.js';

let coca: LoadedCoca;
let picture: Picture;
let ids: number[];
beforeAll(async () => {
  coca = await loadCoca({ model: 'scenes', device: 'cpu' });
  picture = await loadPicture(await readFile(fixture('scenes/0001.png')), coca.preprocess);
  const { special } = coca.tokenizer;
  ids = [special.sot, ...coca.tokenizer.encode('a small book on a pink background'), special.eot];
});
afterAll(() => coca.close());

async function all(costs: AsyncIterable<SiteCost>): Promise<SiteCost[]> {
  const found: SiteCost[] = [];
  for await (const cost of costs) found.push(cost);
  return found;
}
const sites = (words: string): readonly Site[] => parseSites(words, coca.config);
const reading = async (model: Pick<LoadedCoca, 'encodeImages' | 'readCaption'>): Promise<readonly number[]> =>
  (await model.readCaption(await model.encodeImages([picture]), ids))[0]!;

const SOME = 'cross.2.h2,self.0.h1,text.0.h3,vision.3.h5,pooler.h2,mlp.cross.0,cross.1';

test('a cost is what the model without the site says less, whatever the site', async () => {
  const whole = await reading(coca);
  const costs = await all(siteCosts(coca, picture, ids, sites(SOME)));
  expect(costs.map(({ site }) => siteName(site)).sort()).toEqual(SOME.split(',').sort());
  for (const { site, costs: ofSite } of costs) {
    const without = await reading(coca.without([site]));
    expect(ofSite.length).toBe(ids.length - 1);
    for (const [at, cost] of ofSite.entries()) expect(cost, siteName(site)).toBeCloseTo(whole[at]! - without[at]!, 4);
    expect(Math.max(...ofSite.map(Math.abs)), siteName(site)).toBeGreaterThan(1e-3);
  }
});

test('more heads than go through the model at once: each has its own cost', async () => {
  const heads = headsOf(coca.config, ['cross', 'self']);
  expect(heads.length * (ids.length - 1)).toBeGreaterThan(128);
  const costs = await all(siteCosts(coca, picture, ids, heads));
  expect(costs.map(({ site }) => site)).toEqual(heads);
  const alone = await all(siteCosts(coca, picture, ids, [heads.at(-1)!]));
  for (const [at, cost] of costs.at(-1)!.costs.entries()) expect(cost).toBeCloseTo(alone[0]!.costs[at]!, 4);
});

test('with means in their place', async () => {
  const means = await meanActivations(coca, [{ picture, ids }]);
  const [byMean] = await all(siteCosts(coca, picture, ids, sites('cross.2.h2'), { means }));
  const [byZero] = await all(siteCosts(coca, picture, ids, sites('cross.2.h2')));
  const without = await reading(coca.without(sites('cross.2.h2'), means));
  const whole = await reading(coca);
  for (const [at, cost] of byMean!.costs.entries()) expect(cost).toBeCloseTo(whole[at]! - without[at]!, 4);
  expect(byMean!.costs).not.toEqual(byZero!.costs);
});

test('a head that is gone already costs nothing', async () => {
  const rest = coca.without(sites('cross.2.h2,vision.4.h5'));
  for (const { costs } of await all(siteCosts(rest, picture, ids, sites('cross.2.h2,vision.4.h5')))) {
    for (const cost of costs) expect(cost).toBeCloseTo(0, 4);
  }
});

test('it ends between two calls when it is interrupted', async () => {
  const interrupt = new AbortController();
  const seen: SiteCost[] = [];
  const run = async () => {
    const heads = headsOf(coca.config, ['text', 'self', 'cross']);
    for await (const cost of siteCosts(coca, picture, ids, heads, { signal: interrupt.signal })) {
      seen.push(cost);
      interrupt.abort();
    }
  };
  await expect(run()).rejects.toMatchObject({ code: 'interrupted' });
  expect(seen.length).toBe(16);
});

test('what is made of a model says what it lacks, and leaves the model as it is', async () => {
  const before = await reading(coca);
  const without = coca.without([parseSite('cross.2', coca.config)]).without(sites('text.0.h1'));
  expect(without.ablated).toEqual({ sites: ['cross.2', 'text.0.h1'], with: 'zero' });
  expect(await reading(without)).not.toEqual(before);
  expect(coca.ablated).toBeUndefined();
  expect(await reading(coca)).toEqual(before);
});
