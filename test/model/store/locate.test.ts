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

describe('a name in another case', () => {
  /** One that a list shows, since it has a config. */
  function listed(repository: string): string {
    const path = cached(repository);
    writeFileSync(join(path, 'open_clip_config.json'), '{"model_cfg":{"vision_cfg":{},"text_cfg":{}}}');
    return path;
  }

  test('is found, and called as it is spelled', async () => {
    const path = cached('laion/CoCa-ViT-B-32-laion2B-s13B-b90k');
    for (const name of ['COCA_VIT-b-32', 'coca_vit-b-32', 'LAION/coca-vit-b-32-laion2b-s13b-b90k']) {
      expect(await locateModel(name, env)).toMatchObject({ name: 'coca_ViT-B-32', path });
    }
    expect(await locateModel('SCENES', env)).toMatchObject({ name: 'scenes', path: BUNDLED_FOLDER });
    expect((await locateModel(undefined, { ...env, COCA_MODEL: 'coca_VIT-B-32' })).name).toBe('coca_ViT-B-32');
    await expect(locateModel('coca_vit-l-14@v2', env)).rejects.toMatchObject({
      hint: 'coca models pull coca_ViT-L-14@v2 fetches it',
    });
  });

  test('of any repository in the cache', async () => {
    const path = listed('Someone/My-Model');
    for (const name of ['someone/my-model', 'hf-hub:someone/MY-model']) {
      expect(await locateModel(name, env)).toMatchObject({ name: 'Someone/My-Model', path });
    }
  });

  test('what is there as a folder is that', async () => {
    for (const name of ['Scenes', 'coca_vit-b-32']) {
      mkdirSync(name);
      expect(await locateModel(name, env)).toMatchObject({ name, path: join(process.cwd(), name) });
    }
  });

  test('of a config without weights', async () => {
    await expect(locateModel('VIT-H-14-clipa', env)).rejects.toMatchObject({
      hint: expect.stringMatching(/pull ViT-H-14-CLIPA /),
    });
    await expect(locateModel('vit-m-32', env)).rejects.toMatchObject({ message: expect.stringContaining('ViT-M-32') });
  });

  test.each([
    ['B32x', 'did you mean ViT-B-32, ViT-B-32-256 or coca_ViT-B-32?'],
    ['scens', 'did you mean scenes?'],
    ['coca_ViT-B-23', /^did you mean coca_ViT-B-32[ ,?]/],
  ])('a misspelt one: %s', async (name, hint) => {
    await expect(locateModel(name, env)).rejects.toMatchObject({
      code: 'not-found',
      message: `there is no model ${name}, and no such file`,
      hint: typeof hint === 'string' ? hint : expect.stringMatching(hint),
    });
  });

  test('a path is no misspelt name', async () => {
    for (const path of ['./scens', 'dir/B32x/y', 'scens.safetensors']) {
      await expect(locateModel(path, env)).rejects.toMatchObject({ message: expect.stringMatching(/no such file$/) });
    }
  });
});
