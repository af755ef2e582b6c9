import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hubAccess, hubCacheFolder } from '../../../src/model/hub/environment.js';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'coca-env-'));
  writeFileSync(join(home, 'token'), 'hf_from_file\n');
  writeFileSync(join(home, 'other'), 'hf_other');
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** What Python's huggingface_hub makes of the same variables (2.4.0, its constants.py). */
describe('where the cache is', () => {
  test.each([
    [{}, join(homedir(), '.cache/huggingface/hub')],
    [{ XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub'],
    [{ XDG_CACHE_HOME: '/x', HF_HOME: '/h' }, '/h/hub'],
    [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old' }, '/old'],
    [{ HUGGINGFACE_HUB_CACHE: '/old', HF_HUB_CACHE: '/new' }, '/new'],
    [{ HF_HUB_CACHE: '~/models' }, join(homedir(), 'models')],
    [{ HF_HOME: '$SCRATCH/hf', SCRATCH: '/scratch' }, '/scratch/hf/hub'],
    [{ HF_HOME: '$' + '{SCRATCH}/hf', SCRATCH: '/scratch' }, '/scratch/hf/hub'],
    [{ HF_HUB_CACHE: '' }, join(homedir(), '.cache/huggingface/hub')],
  ])('%j: %s', (env, folder) => {
    expect(hubCacheFolder(env)).toBe(folder);
  });
});

describe('how to reach the hub', () => {
  test('without any setting', async () => {
    expect(await hubAccess({ HF_HOME: '/nowhere' })).toEqual({
      endpoint: 'https://huggingface.co',
      token: undefined,
      tokenFrom: undefined,
      isOffline: false,
      answerTimeoutMs: 30_000,
      stallTimeoutMs: 30_000,
    });
  });

  test('the token: the variable, then the file, unless it is not wanted', async () => {
    const token = async (env: NodeJS.ProcessEnv) => {
      const access = await hubAccess({ HF_HOME: home, ...env });
      return [access.token, access.tokenFrom];
    };
    expect(await token({})).toEqual(['hf_from_file', join(home, 'token')]);
    expect(await token({ HF_TOKEN_PATH: join(home, 'other') })).toEqual(['hf_other', join(home, 'other')]);
    expect(await token({ HUGGING_FACE_HUB_TOKEN: 'hf_old' })).toEqual(['hf_old', 'HUGGING_FACE_HUB_TOKEN']);
    expect(await token({ HF_TOKEN: ' hf_new\n', HUGGING_FACE_HUB_TOKEN: 'hf_old' })).toEqual(['hf_new', 'HF_TOKEN']);
    expect(await token({ HF_TOKEN: 'hf_new', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' })).toEqual([undefined, undefined]);
  });

  test.each(['hf_a\nb', 'hf_ä', 'hf a', 'x'.repeat(5000)])(
    'a token that cannot be one is not repeated',
    async (token) => {
      const error = await hubAccess({ HF_TOKEN: token }).catch((failure) => failure);
      expect(error).toMatchObject({ code: 'usage' });
      expect(error.message + error.hint).not.toContain(token);
      expect(error.message).toContain('HF_TOKEN');
    },
  );

  test('endpoints', async () => {
    const endpoint = async (HF_ENDPOINT: string) => (await hubAccess({ HF_HOME: home, HF_ENDPOINT })).endpoint;
    expect(await endpoint('https://mirror.example/hf/')).toBe('https://mirror.example/hf');
    for (const bad of ['mirror', 'ftp://x', 'https://user:secret@host', 'https://h/?a=1', 'file:///etc']) {
      const error = await endpoint(bad).catch((failure) => failure);
      expect(error).toMatchObject({ code: 'usage' });
      expect(error.message + error.hint).not.toContain('secret');
    }
  });

  test('offline and time-outs', async () => {
    expect(
      await hubAccess({ HF_HUB_OFFLINE: 'yes', HF_HUB_ETAG_TIMEOUT: '0.5', HF_HUB_DOWNLOAD_TIMEOUT: '2' }),
    ).toMatchObject({
      isOffline: true,
      answerTimeoutMs: 500,
      stallTimeoutMs: 2000,
    });
    await expect(hubAccess({ HF_HUB_ETAG_TIMEOUT: 'soon' })).rejects.toMatchObject({ code: 'usage' });
    expect((await hubAccess({ HF_HUB_OFFLINE: '0' })).isOffline).toBe(false);
  });
});
