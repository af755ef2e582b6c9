import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { CocaError } from '../../../src/model/base/errors.js';
import { type DeviceHost, describeChoice } from '../../../src/model/engine/devices.js';
import type { OnnxDevice } from '../../../src/model/engine/engines.js';
import { hasCudaProvider, NO_CUDA_PROVIDER } from '../../../src/model/engine/onnx/cuda-provider.js';
import { chooseOnnxDevice, surveyOnnxDevices } from '../../../src/model/engine/onnx/devices.js';
import { checkDevice, checkPrecision } from '../../../src/model/engine/open.js';
import { startCoca } from '../../support/cli.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';

const { at, write } = temporaryFolder();

/** A machine whose devices in `working` compute. */
function host(
  working: readonly OnnxDevice[],
  machine: Partial<DeviceHost<OnnxDevice>> & { dev?: string[]; dri?: string[] } = {},
) {
  const tried: OnnxDevice[] = [];
  const made: DeviceHost<OnnxDevice> = {
    platform: 'linux',
    env: {},
    list: (folder) => (folder === '/dev' ? (machine.dev ?? []) : (machine.dri ?? [])),
    tryDevice: async (device) => {
      tried.push(device);
      if (!working.includes(device)) throw new Error(`no ${device} library`);
    },
    ...machine,
  };
  return { tried, made };
}

const NVIDIA = { dev: ['null', 'nvidia0', 'nvidiactl'] };
const RADEON = { dev: ['null'], dri: ['card0', 'renderD128'] };

describe('auto', () => {
  test('takes the CPU on a machine without a GPU, and tries no driver there', async () => {
    const { made, tried } = host(['cuda', 'webgpu']);
    const choice = await chooseOnnxDevice('auto', made);
    expect(choice.device).toBe('cpu');
    expect(tried).toEqual([]);
    expect(describeChoice(choice)).toEqual({
      text: 'running on cpu (cuda: no NVIDIA GPU; webgpu: no GPU)',
      isDetail: true,
    });
  });

  test('takes the first that computes, and says why not the better one', async () => {
    const { made } = host(['webgpu'], NVIDIA);
    const choice = await chooseOnnxDevice('auto', made);
    expect(describeChoice(choice)).toEqual({ text: 'running on webgpu (cuda: no cuda library)', isDetail: false });
  });

  test('takes CUDA where it computes', async () => {
    const { made } = host(['cuda', 'webgpu'], NVIDIA);
    expect(await chooseOnnxDevice('auto', made)).toEqual({ device: 'cuda', passedOver: [] });
  });

  test('takes WebGPU on a GPU that is no NVIDIA', async () => {
    const { made, tried } = host(['cuda', 'webgpu'], RADEON);
    expect((await chooseOnnxDevice('auto', made)).device).toBe('webgpu');
    expect(tried).toEqual(['webgpu']);
  });

  test.each([
    ['VK_DRIVER_FILES', '/usr/lib/chromium/vk_swiftshader_icd.json'],
    ['VK_ICD_FILENAMES', '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json'],
  ])('never takes a software adapter that %s names', async (name, file) => {
    const { made } = host(['webgpu'], { ...RADEON, env: { [name]: file } });
    const choice = await chooseOnnxDevice('auto', made);
    expect(choice.device).toBe('cpu');
    expect(choice.passedOver.at(-1)).toEqual({
      device: 'webgpu',
      reason: 'the Vulkan driver is a software adapter',
      hasHardware: false,
    });
  });

  test.each([
    ['darwin', 'coreml'],
    ['win32', 'dml'],
  ] as const)('on %s prefers %s', async (platform, device) => {
    const { made } = host([device, 'webgpu'], { platform });
    expect((await chooseOnnxDevice('auto', made)).device).toBe(device);
  });

  test('falls back to the CPU when nothing computes', async () => {
    const { made } = host([], { platform: 'win32' });
    expect(describeChoice(await chooseOnnxDevice('auto', made))).toEqual({
      text: 'running on cpu (dml: no dml library; webgpu: no webgpu library)',
      isDetail: false,
    });
  });
});

describe('by name', () => {
  test('a device that computes is taken', async () => {
    const { made } = host(['webgpu'], RADEON);
    expect(await chooseOnnxDevice('webgpu', made)).toEqual({ device: 'webgpu', passedOver: [] });
  });

  test('a device that does not is an error with the reason', async () => {
    const { made } = host([], NVIDIA);
    await expect(chooseOnnxDevice('cuda', made)).rejects.toMatchObject({
      code: 'device',
      message: 'the device cuda cannot run here: no cuda library',
    });
  });

  test.each([
    ['cuda', 'no NVIDIA GPU', /^it needs an NVIDIA GPU.*; --device auto takes what works$/],
    ['webgpu', 'no GPU', /Vulkan driver.*; --device auto takes what works$/],
  ] as const)(
    '%s without the hardware: the reason that auto gives, and no driver is loaded',
    async (device, reason, hint) => {
      const { made, tried } = host([]);
      const auto = await chooseOnnxDevice('auto', made);
      expect(auto.passedOver).toContainEqual({ device, reason, hasHardware: false });
      await expect(chooseOnnxDevice(device, made)).rejects.toMatchObject({
        message: `the device ${device} cannot run here: ${reason}`,
        hint: expect.stringMatching(hint),
      });
      expect(tried).toEqual([]);
    },
  );

  test('what is missing of a device that is there: the advice of the survey', async () => {
    const hintAfter = async (reason: string) => {
      const { made } = host([], { ...NVIDIA, tryDevice: () => Promise.reject(new Error(reason)) });
      const error = await chooseOnnxDevice('cuda', made).catch((caught: unknown) => caught);
      return (error as CocaError).hint;
    };
    const script = /ONNXRUNTIME_NODE_INSTALL=cuda12 node "(.+)"/.exec((await hintAfter(NO_CUDA_PROVIDER))!)?.[1];
    expect(existsSync(script!)).toBe(true);
    expect(await hintAfter('libcudnn.so.9: cannot open shared object file')).toMatch(/CUDA 12 and cuDNN 9/);
  });

  test.each([
    { env: { VK_DRIVER_FILES: '/opt/lvp_icd.json' } },
    { list: (folder: string) => (folder === '/usr/share/vulkan/icd.d' ? ['lvp_icd.x86_64.json'] : []) },
  ])('a software adapter is taken where it is asked for: %j', async (machine) => {
    const { made } = host(['webgpu'], machine);
    expect((await chooseOnnxDevice('webgpu', made)).device).toBe('webgpu');
  });

  test('on this machine, nothing native is written beside the reason', async () => {
    for (const device of ['cuda', 'webgpu', 'dml', 'coreml']) {
      const { code, stderr } = await startCoca(['caption', fixture('scenes/0001.png'), '--device', device, '-q']);
      if (code !== 0) expect(stderr).toMatch(/^coca: the device \w+ cannot run here: .+\n {6}.+\n$/);
    }
  });

  test('this machine has no CoreML or DirectML provider at once, and says so', async () => {
    const other = process.platform === 'darwin' ? 'dml' : 'coreml';
    await expect(chooseOnnxDevice(other)).rejects.toMatchObject({
      code: 'device',
      message: `the device ${other} cannot run here: ONNX Runtime for ${process.platform} ${process.arch} has no ${other} provider`,
    });
  });

  test('the CPU needs no trial', async () => {
    const { made, tried } = host([]);
    expect((await chooseOnnxDevice('cpu', made)).device).toBe('cpu');
    expect(tried).toEqual([]);
  });
});

describe('one of several cards', () => {
  const TWO = { dev: ['null', 'nvidia0', 'nvidia1', 'nvidiactl', 'nvidia-uvm'] };

  test('is taken where it is there', async () => {
    const { made, tried } = host(['cuda:1'], TWO);
    expect(await chooseOnnxDevice('cuda:1', made)).toEqual({ device: 'cuda:1', passedOver: [] });
    expect(tried).toEqual(['cuda:1']);
  });

  test.each([
    ['cuda:2', {}, 'cuda:0, cuda:1 are visible here'],
    ['cuda:1', { CUDA_VISIBLE_DEVICES: '1' }, "cuda:0 alone is visible here (CUDA_VISIBLE_DEVICES is '1')"],
    ['cuda:2', { CUDA_VISIBLE_DEVICES: '1, 0' }, "cuda:0, cuda:1 are visible here (CUDA_VISIBLE_DEVICES is '1, 0')"],
    // CUDA sees nothing of what follows an entry that names no card.
    ['cuda:1', { CUDA_VISIBLE_DEVICES: '0,-1,1' }, "cuda:0 alone is visible here (CUDA_VISIBLE_DEVICES is '0,-1,1')"],
    ['cuda:1', { CUDA_VISIBLE_DEVICES: '0,7,1' }, "cuda:0 alone is visible here (CUDA_VISIBLE_DEVICES is '0,7,1')"],
    ['cuda:0', { CUDA_VISIBLE_DEVICES: '' }, "no card is visible here (CUDA_VISIBLE_DEVICES is '')"],
  ] as const)('%s with %j: those that are there are named, and no driver is loaded', async (device, env, there) => {
    const { made, tried } = host([device], { ...TWO, env });
    await expect(chooseOnnxDevice(device, made)).rejects.toMatchObject({
      code: 'device',
      message: `the device ${device} cannot run here: ${there}`,
      hint: expect.stringMatching(/^nvidia-smi -L lists the cards of this machine; /),
    });
    expect(tried).toEqual([]);
  });

  test.each([
    ['cuda:1', { CUDA_VISIBLE_DEVICES: 'GPU-8932f937-d72c-4106-c12f-20bd9faed9f6,1' }, TWO],
    ['cuda:0', { CUDA_VISIBLE_DEVICES: 'MIG-8cd9cd5f-5e0c-54cf' }, TWO],
    // Under WSL cards cannot be counted: the driver says whether there is one.
    ['cuda:3', {}, { dev: ['dxg'] }],
  ] as const)('%s with %j and %j is tried', async (device, env, machine) => {
    const { made } = host([device], { ...machine, dev: [...machine.dev], env });
    expect((await chooseOnnxDevice(device, made)).device).toBe(device);
  });

  test('without the hardware, or the provider: as without a number', async () => {
    await expect(chooseOnnxDevice('cuda:0', host([]).made)).rejects.toMatchObject({
      message: 'the device cuda:0 cannot run here: no NVIDIA GPU',
      hint: expect.stringContaining('NVIDIA GPU'),
    });
    const { made } = host([], { ...TWO, tryDevice: () => Promise.reject(new Error(NO_CUDA_PROVIDER)) });
    await expect(chooseOnnxDevice('cuda:0', made)).rejects.toMatchObject({
      hint: expect.stringContaining('onnxruntime-node/script/install.js'),
    });
    const other = process.platform === 'win32' ? 'cuda:0' : 'dml:0';
    await expect(chooseOnnxDevice(other)).rejects.toMatchObject({
      message: expect.stringMatching(/ provider$|no NVIDIA GPU$/),
    });
  });

  test('half precision is for its kind, and TensorFlow.js has none by number', () => {
    expect(() => checkPrecision('fp16', 'onnx', 'cuda:1')).not.toThrow();
    expect(() => checkPrecision('int8', 'onnx', 'cuda:1')).toThrow('no products of int8 weights on cuda:1');
    expect(() => checkDevice('onnx', 'dml:3')).not.toThrow();
    expect(() => checkDevice('tfjs', 'cuda:1')).toThrow('the device cuda:1 belongs to ONNX Runtime (--engine onnx)');
  });
});

describe('a survey', () => {
  test('names every device, with what would change a no', async () => {
    const { made, tried } = host(['cpu']);
    const reports = await surveyOnnxDevices(made);
    expect(reports.map(({ device }) => device)).toEqual(['cpu', 'cuda', 'webgpu', 'coreml', 'dml']);
    expect(reports[0]).toEqual({ device: 'cpu' });
    expect(reports[1]).toMatchObject({ reason: 'no NVIDIA GPU', advice: expect.stringContaining('NVIDIA') });
    expect(reports[2]).toMatchObject({ reason: 'no GPU', advice: expect.stringContaining('Vulkan') });
    expect(reports[3]!.reason).toContain('macOS');
    expect(reports[4]!.reason).toContain('Windows');
    // No driver is loaded where there is no hardware for it.
    expect(tried).toEqual(['cpu']);
  });

  test('a GPU without the CUDA provider: how to get it', async () => {
    const { made } = host(['cpu', 'webgpu'], {
      ...NVIDIA,
      tryDevice: async (device) => {
        if (device === 'cuda') throw new Error(NO_CUDA_PROVIDER);
      },
    });
    const cuda = (await surveyOnnxDevices(made)).find(({ device }) => device === 'cuda');
    expect(cuda).toMatchObject({ advice: expect.stringContaining('onnxruntime-node/script/install.js') });
  });

  test.each([
    ['darwin', ['cpu', 'webgpu', 'coreml']],
    ['win32', ['cpu', 'webgpu', 'dml']],
  ] as const)('on %s', async (platform, offered) => {
    const { made, tried } = host(['cpu', 'webgpu', 'coreml', 'dml'], { platform });
    const reports = await surveyOnnxDevices(made);
    expect(reports.filter(({ reason }) => reason === undefined).map(({ device }) => device)).toEqual(offered);
    expect(tried).toEqual(offered);
  });
});

describe('the CUDA provider', () => {
  const libraries = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'];

  test.each([
    ['nothing', [], false],
    ['libraries', ['\x7fELF\x02', '\x7fELF\x02'], true],
    ['what stands in their place where they were not fetched', ['words', 'words'], false],
    ['one of two', ['\x7fELF\x02', 'words'], false],
    ['empty files', ['', ''], false],
  ] as const)('%s', async (_, contents, isThere) => {
    contents.forEach((content, i) => {
      write(libraries[i]!, content);
    });
    expect(await hasCudaProvider(at())).toBe(isThere);
  });
});
