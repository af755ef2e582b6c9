import { spawn } from 'node:child_process';
import { copyFileSync, truncateSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CocaError } from '../../../../src/model/base/errors.js';
import { isRunning } from '../../../../src/model/base/processes/running.js';
import { Turns } from '../../../../src/model/base/turns.js';
import { openSafetensors } from '../../../../src/model/checkpoint/index.js';
import { contextLength } from '../../../../src/model/config/config.js';
import { decodingOptions } from '../../../../src/model/decoding/index.js';
import type { TokenRow } from '../../../../src/model/decoding/types.js';
import type { Device, Engine } from '../../../../src/model/engine/engines.js';
import { type IsolatedNetwork, openIsolatedNetwork } from '../../../../src/model/engine/isolated/network.js';
import type {
  Activation,
  Attention,
  Change,
  Network,
  PictureSearch,
  Searches,
} from '../../../../src/model/engine/network.js';
import { openNetwork } from '../../../../src/model/engine/open.js';
import { searchesOn } from '../../../../src/model/engine/searches.js';
import { shell } from '../../../support/cli.js';
import { temporaryFolder } from '../../../support/folder.js';
import { type Golden, golden } from '../../../support/golden.js';
import { childrenOf, engineOf, untilGone } from '../../../support/processes.js';
import { withTrees } from '../golden-suite.js';

const folder = temporaryFolder();
const notices: string[] = [];
let reference: Golden;
const opened: Network[] = [];

beforeEach(async () => {
  notices.length = 0;
  reference = await golden('cascade');
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((network) => network.release()));
});

async function open(engine: Engine = 'onnx', device: Device | 'auto' = 'cpu'): Promise<IsolatedNetwork> {
  const { config, checkpoint } = reference;
  const network = await openIsolatedNetwork(engine, device, config, { checkpoint }, ({ text }) => notices.push(text));
  opened.push(network);
  return network;
}

/** The same in this process. */
async function openHere(engine: Engine = 'onnx', device: Device | 'auto' = 'cpu'): Promise<Network> {
  const { config, checkpoint } = reference;
  const network = await openNetwork(engine, device, config, { checkpoint }, ({ text }) => notices.push(text));
  opened.push(network);
  return network;
}

/** One that runs to the end of the context. */
const LONG = { minLength: 18, maxLength: 20 };

/** A search in the reference's first picture. */
async function searchFor(
  given: Parameters<typeof decodingOptions>[0],
  prompt?: readonly number[],
): Promise<PictureSearch> {
  const { data, shape } = await reference.expected('pixel_values');
  const { config } = reference;
  const special = config.special_ids!;
  return {
    pixels: data.slice(0, data.length / shape[0]!),
    options: decodingOptions(given, { contextLength: contextLength(config) }),
    special,
    prompt: prompt ?? [special.sot],
  };
}

const chain = (ids: readonly number[], from = 0): TokenRow[] =>
  ids.map((token, i) => ({ node: from + i, parent: from + i - 1, token }));

/** Everything that a network gives for a picture, a text and a caption that goes two ways. */
async function everything(network: Network) {
  const { data, shape } = await reference.expected('pixel_values');
  const seen: Attention[] = [];
  const sink = (attention: Attention) => seen.push(attention);
  const activations: Activation[] = [];
  const change: Change = {
    ...{ part: 'mlp', name: 'cross', layer: 0 },
    scale: { data: Float32Array.of(0.5), shape: [1, 1, 1] },
    offset: { data: Float32Array.of(0.25), shape: [1, 1, 1] },
  };
  const images = await network.encodeImages(data.slice(0, data.length / shape[0]!), 1, { onAttention: sink });
  const texts = await network.encodeTexts(await reference.texts(), { onAttention: sink });
  const scores = await withTrees(
    network,
    images.tokens,
    async (trees) => {
      const [first] = await trees.extend([chain([1, 2, 3, 4, 5, 6, 7, 8])]);
      const kept = structuredClone(first!); // it is only valid until the next call
      trees.retain?.([[0, 1, 2]]);
      trees.retain?.([[0, 1]]);
      const [second] = await trees.extend([[{ node: 8, parent: 1, token: 9 }]], 3);
      return { vocabSize: trees.vocabSize, batch: trees.batch, kept, second: structuredClone(second!) };
    },
    { onAttention: sink },
  );
  const gradients = await network.crossGradients(images.tokens, [1, 2, 3, 4]);
  const changed = await withTrees(
    network,
    images.tokens,
    async (trees) => structuredClone((await trees.extend([chain([1, 2, 3])]))[0]!),
    { changes: [change], onActivation: (activation) => activations.push(activation) },
  );
  const changedGradients = await network.crossGradients(images.tokens, [1, 2, 3, 4], { changes: [change] });
  return { images, texts, scores, seen, gradients, changed, activations, changedGradients };
}

describe('a network in a process of its own', () => {
  test('gives what it gives in this process, to the last bit', async () => {
    const there = await everything(await open());
    expect(there.seen.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['vision', 'pooler.0', 'pooler.1', 'text', 'decoder_self', 'cross']),
    );
    expect(there).toEqual(await everything(await openHere()));
  });

  test('searches there find what searches here do, and tell the same on the way', async () => {
    const searched = async (searches: Searches) => {
      const found: unknown[] = [];
      for (const given of [
        { beams: 3, num: 2, logprobs: 2 },
        { strategy: 'sample', num: 2, seed: 7 },
      ] as const) {
        const certain: (readonly number[])[] = [];
        const { captions, ms } = await searches.run(await searchFor(given), { onCertain: (ids) => certain.push(ids) });
        expect(certain.length).toBeGreaterThan(1);
        expect(Math.min(ms.encode, ms.decode)).toBeGreaterThan(0);
        found.push(captions, certain);
      }
      return found;
    };
    const there = await open();
    expect(await searched(there.searches(2))).toEqual(await searched(searchesOn(await openHere(), new Turns(), 2)));
    await expect(there.searches(1).run(await searchFor({}, [6]))).rejects.toMatchObject({ code: 'bad-text' });
  });

  test('a search that is not wanted any more ends, others go on beside it', async () => {
    const searches = (await open()).searches(2);
    const controller = new AbortController();
    let steps = 0;
    const left = searches.run(await searchFor(LONG), {
      signal: controller.signal,
      onCertain: () => ++steps === 2 && controller.abort(),
    });
    const other = searches.run(await searchFor({ ...LONG, strategy: 'greedy' }));
    await expect(left).rejects.toMatchObject({ name: 'CocaError', code: 'interrupted' });
    expect((await other).captions[0]!.ids.length).toBeGreaterThan(steps);
    const gone = searches.run(await searchFor(LONG), { signal: AbortSignal.abort() });
    await expect(gone).rejects.toMatchObject({ code: 'interrupted' });
  });

  test('says on which device, and why not on a better one', async () => {
    const there = await open('onnx', 'auto');
    const [told] = notices.splice(0);
    const here = await openHere('onnx', 'auto');
    expect(there.device).toBe(here.device);
    expect([told]).toEqual(notices);
  });

  test.each([
    ['a device of another engine', 'onnx', 'wasm'],
    ['a device that cannot run', 'tfjs', 'node-gpu'],
  ] as const)('an error is the same: %s', async (_, engine, device) => {
    const error = await openHere(engine, device).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(CocaError);
    const { code, message, hint } = error as CocaError;
    expect(hint).toBeDefined();
    await expect(open(engine, device)).rejects.toMatchObject({ name: 'CocaError', code, message, hint });
    expect(childrenOf(process.pid)).toEqual([]);
  });

  test('an error that is none of ours keeps its message, and the network goes on', async () => {
    const [there, here] = [await open(), await openHere()];
    const wrong = (network: Network) => network.encodeImages(new Float32Array(5), 1).catch((error: Error) => error);
    const { message } = (await wrong(here)) as Error;
    expect(((await wrong(there)) as Error).message).toBe(message);
    await there.encodeTexts(await reference.texts());
    expect(there.ended.aborted).toBe(false);
  });

  test('a released network leaves no process, whatever it was doing', async () => {
    const network = await open();
    const { pid } = network.process;
    const call = network.encodeTexts(await reference.texts());
    const refused = expect(call).rejects.toThrow('released');
    await network.release();
    expect(isRunning(pid)).toBe(false);
    await refused;
    await expect(network.prepare('texts')).rejects.toThrow('released');
    expect(network.ended.aborted).toBe(false);
  });
});

describe('the process ends before its time', () => {
  test.each(['SIGSEGV', 'SIGABRT', 'SIGKILL'] as const)('%s in the middle of a call', async (signal) => {
    const network = await open();
    const trees = await network.openTrees({ count: 1, data: await tokensOf(network) });
    // What has not begun to be computed cannot be answered before it is killed.
    const calls = [network.prepare('attention'), trees.extend([chain([1, 2])]), network.prepare('texts')];
    process.kill(network.process.pid, signal);
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ reason: { name: 'CocaError', code: 'engine' } });
      expect((result as PromiseRejectedResult).reason).toBe(network.ended.reason);
    }
    expect(network.ended.reason.message).toBe(`the engine's process was ended by ${signal}`);
    expect(network.ended.reason.hint).toMatch(signal === 'SIGKILL' ? /memory/ : /loaded anew/);
    // Later calls meet it, too; what has gone with it can be given back.
    await expect(network.prepare('images')).rejects.toBe(network.ended.reason);
    trees.release();
    await network.release();
  });

  test('while nothing is asked of it', async () => {
    const network = await open();
    const ended = new Promise((resolve) => network.ended.addEventListener('abort', resolve));
    process.kill(network.process.pid, 'SIGSEGV');
    await ended;
    await expect(network.prepare('texts')).rejects.toMatchObject({ code: 'engine' });
  });

  test('weights that are cut short under it: the other models go on', async () => {
    const path = folder.at('model.safetensors');
    copyFileSync(reference.checkpoint.path, path);
    const other = await open();
    const network = await openIsolatedNetwork(
      'onnx',
      'cpu',
      reference.config,
      { checkpoint: await openSafetensors(path) },
      () => undefined,
    );
    opened.push(network);
    await network.prepare('texts');
    // The engine has the file mapped into its memory.
    truncateSync(path, 100);
    await expect(network.encodeTexts(await reference.texts())).rejects.toMatchObject({
      code: 'engine',
      message: expect.stringMatching(/ended by SIGBUS/),
      hint: expect.stringMatching(/weights/),
    });
    await other.encodeTexts(await reference.texts());
  });

  test('of want of memory, with what it wrote last', async () => {
    process.execArgv.push('--max-old-space-size=32');
    try {
      const network = await open();
      const texts = Array.from({ length: 400_000 }, () => new Int32Array(1));
      await expect(network.encodeTexts(texts)).rejects.toMatchObject({
        code: 'engine',
        message: expect.stringMatching(/ended .*, after writing: FATAL ERROR: .*heap/),
      });
    } finally {
      process.execArgv.pop();
    }
  });
});

/** A module that opens a network when `open` is called. */
function moduleWith(text: string): string {
  const url = (path: string) => JSON.stringify(new URL(`../../../../dist/model/${path}`, import.meta.url));
  const weights = JSON.stringify(reference.checkpoint.path);
  return folder.write(
    'program.mjs',
    `
    import { openIsolatedNetwork } from ${url('engine/isolated/network.js')};
    import { openSafetensors } from ${url('checkpoint/index.js')};
    const config = ${JSON.stringify(reference.config)};
    const checkpoint = await openSafetensors(${weights});
    const open = () => openIsolatedNetwork('onnx', 'cpu', config, { checkpoint }, () => undefined);
    ${text}`,
  );
}

/** A program that opens a network, says so, and does `then`. */
function program(then: string) {
  const file = moduleWith(`const network = await open(); console.log('open'); ${then}`);
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const isOpen = new Promise((resolve) => createInterface(child.stdout).once('line', resolve));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { pid: child.pid!, isOpen, ended };
}

describe('the process and whoever started it', () => {
  test('ends with it, also when that is killed', async () => {
    const { pid, isOpen, ended } = program('setInterval(() => undefined, 1000);');
    await isOpen;
    const engine = await engineOf(pid);
    process.kill(pid, 'SIGKILL');
    await ended;
    await untilGone(engine);
  });

  test('does not keep it from ending once it is released', async () => {
    const { ended } = program('await network.release();');
    expect(await ended).toBe(0);
  });

  test('ends at once with a program that leaves without a word', async () => {
    const { pid, isOpen, ended } = program("network.prepare('attention'); setTimeout(() => process.exit(3), 200);");
    await isOpen;
    const engine = await engineOf(pid);
    expect(await ended).toBe(3);
    await untilGone(engine);
  });

  test('is not started where the system starts no more: an error, and nothing else is ended', async () => {
    const file = moduleWith(`
      import { closeSync, openSync } from 'node:fs';
      const files = [];
      try { for (;;) files.push(openSync('/dev/null')); } catch {}
      for (let spare = 0; spare < 6; spare++) {
        await open().catch((error) => { process.exitCode = error.code === 'engine' ? 0 : 1; });
        closeSync(files.pop());
      }
      for (const one of files) closeSync(one);
      console.log('goes on');`);
    const { code, stdout } = await shell(`ulimit -n 60; "${process.execPath}" ${file}; echo "code $?"`);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'goes on\ncode 0\n' });
  });

  test('leaves signals that are meant for the program to it', async () => {
    const network = await open();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(network.process.pid, signal);
    await wait(50);
    await network.encodeTexts(await reference.texts());
  });
});

async function tokensOf(network: Network): Promise<Float32Array> {
  const { data, shape } = await reference.expected('pixel_values');
  return (await network.encodeImages(data.slice(0, data.length / shape[0]!), 1)).tokens.data;
}
