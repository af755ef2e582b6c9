import { cpSync, readFileSync, symlinkSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { hasCudaProvider } from '../src/model/engine/onnx/cuda-provider.js';
import { runProgram } from './support/cli.js';
import { temporaryFolder } from './support/folder.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RUNTIME = 'node_modules/onnxruntime-node';
const { at, write } = temporaryFolder();

/** As npm lays them out: this package's script, and onnxruntime-node's with what it needs. */
function layOut(): void {
  const own = 'node_modules/coca-cli/scripts/preinstall.mjs';
  write(own, readFileSync(join(ROOT, 'scripts/preinstall.mjs')));
  for (const part of ['package.json', 'script'])
    cpSync(join(ROOT, RUNTIME, part), at(RUNTIME, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), at(RUNTIME, 'node_modules'));
  write(join(RUNTIME, 'bin/napi-v6', platform(), arch(), 'onnxruntime_binding.node'), '');
}

const node = (...words: string[]) => {
  // What tells the script to do otherwise, and that it is run by npm for this repository itself.
  const env = Object.entries(process.env).filter(([name]) => !/^npm_|^ONNXRUNTIME_NODE_INSTALL/i.test(name));
  return runProgram(process.execPath, [at('node_modules', ...words)], {
    // Nothing answers there, should the script look for files on the network after all.
    env: { ...Object.fromEntries(env), GLOBAL_AGENT_HTTPS_PROXY: 'http://127.0.0.1:9' },
  });
};

test('npm: preinstall before any postinstall, so that onnxruntime-node finds nothing to fetch', async () => {
  layOut();
  const own = await node('coca-cli/scripts/preinstall.mjs');
  expect(own).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(await node('onnxruntime-node/script/install.js')).toMatchObject({ code: 0, stdout: '', stderr: '' });
  // What it found is no provider.
  expect(await hasCudaProvider(at(RUNTIME, 'bin/napi-v6', platform(), arch()))).toBe(false);
});

test.runIf(platform() === 'linux' && arch() === 'x64')('without it, there is what to fetch', async () => {
  layOut();
  expect((await node('onnxruntime-node/script/install.js')).code).not.toBe(0);
});

test('a provider that was fetched stays', async () => {
  layOut();
  const library = write(join(RUNTIME, 'bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so'), '\x7fELF of 300 MB');
  await node('coca-cli/scripts/preinstall.mjs');
  expect(readFileSync(library, 'utf8')).toBe('\x7fELF of 300 MB');
});

test('another layout of onnxruntime-node is no reason not to install', async () => {
  layOut();
  write(join(RUNTIME, 'script/install-metadata.js'), 'module.exports = {};');
  const { code, stderr } = await node('coca-cli/scripts/preinstall.mjs');
  expect(code).toBe(0);
  expect(stderr).toMatch(/^coca-cli: onnxruntime-node's install script is not spared: /);
});

/**
 * `npm ci` in a clone runs the scripts of the packages that the lock file marks, whatever npm's version; npm 11.16 and newer also
 * asks package.json. A new version of onnxruntime-node puts the mark back: it is to be removed by hand.
 */
test('in a clone, npm runs no install script that was not looked at', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const marked = Object.keys(packages).filter((path) => path !== '' && packages[path].hasInstallScript);
  expect(marked).toEqual(['node_modules/esbuild']);
  const { allowScripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(allowScripts).toEqual({ esbuild: true, 'onnxruntime-node': false });
});
