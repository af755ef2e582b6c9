import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BUNDLED_FOLDER, locateModel } from '../../../src/model/store/locate.js';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
let folder: string;
let before: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  before = process.cwd();
  folder = mkdtempSync(join(tmpdir(), 'coca-locate-'));
  process.chdir(folder);
  env = { HF_HUB_CACHE: join(folder, 'hub'), COCA_CONFIG: join(folder, 'config') };
});
afterEach(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

/** A snapshot in the cache, as far as finding one goes. */
function cached(repository: string, revision = 'main'): string {
  const home = join(folder, 'hub', `models--${repository.replace('/', '--')}`);
  const snapshot = join(home, 'snapshots', COMMIT);
  mkdirSync(snapshot, { recursive: true });
  mkdirSync(join(home, 'refs'), { recursive: true });
  writeFileSync(join(home, 'refs', revision), COMMIT);
  return snapshot;
}

function set(model: string): void {
  mkdirSync(join(folder, 'config'));
  writeFileSync(join(folder, 'config', 'settings.json'), JSON.stringify({ model }));
}

describe('a name', () => {
  test('of the hub is a snapshot in the cache', async () => {
    const path = cached('laion/CoCa-ViT-B-32-laion2B-s13B-b90k');
    const found = { name: 'coca_ViT-B-32', path, chosenBy: 'caller' };
    for (const name of ['coca_ViT-B-32', 'hf-hub:laion/CoCa-ViT-B-32-laion2B-s13B-b90k']) {
      expect(await locateModel(name, env)).toMatchObject(found);
    }
    expect(await locateModel(`coca_ViT-B-32@${COMMIT}`, env)).toMatchObject({ name: `coca_ViT-B-32@${COMMIT}`, path });
    await expect(locateModel('coca_ViT-B-32@v2', env)).rejects.toMatchObject({
      code: 'not-found',
      hint: 'coca models pull coca_ViT-B-32@v2 fetches it',
    });
  });

  test('that is short is no folder; ./ makes it one', async () => {
    mkdirSync('coca_ViT-L-14');
    await expect(locateModel('coca_ViT-L-14', env)).rejects.toMatchObject({ code: 'not-found' });
    expect(await locateModel('./coca_ViT-L-14', env)).toMatchObject({ path: join(process.cwd(), 'coca_ViT-L-14') });
  });

  test('with a slash is a folder where there is one, else a repository', async () => {
    const path = cached('someone/model');
    expect(await locateModel('someone/model', env)).toMatchObject({ path, hub: { repository: 'someone/model' } });
    mkdirSync('someone/model', { recursive: true });
    expect(await locateModel('someone/model', env)).toMatchObject({
      name: 'model',
      path: join(process.cwd(), 'someone/model'),
    });
  });

  test('of a config without released weights is an error that says how to make some', async () => {
    await expect(locateModel('coca_base', env)).rejects.toMatchObject({ hint: expect.stringContaining('coca init') });
  });
});

describe('where none is given', () => {
  test('$COCA_MODEL, then the settings, then the bundled model', async () => {
    const named = async (more: NodeJS.ProcessEnv) => {
      const { path, chosenBy } = await locateModel(undefined, { ...env, ...more });
      return [path, chosenBy];
    };
    expect(await named({})).toEqual([BUNDLED_FOLDER, 'default']);
    mkdirSync('mine');
    mkdirSync('yours');
    set(join(folder, 'mine'));
    expect(await named({})).toEqual([join(folder, 'mine'), 'settings']);
    expect(await named({ COCA_MODEL: join(folder, 'yours') })).toEqual([join(folder, 'yours'), 'environment']);
    expect(await named({ COCA_MODEL: '' })).toEqual([join(folder, 'mine'), 'settings']);
  });

  test('an error says who named the model', async () => {
    set('coca_ViT-B-32');
    await expect(locateModel(undefined, env)).rejects.toMatchObject({
      message: expect.stringContaining('settings.json'),
    });
    await expect(locateModel(undefined, { ...env, COCA_MODEL: 'a/b' })).rejects.toMatchObject({
      message: expect.stringContaining('$COCA_MODEL'),
    });
  });
});
