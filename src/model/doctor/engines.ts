import { readFile } from 'node:fs/promises';
import { stopIfAborted } from '../base/errors.js';
import { type BenchOptions, measure } from '../bench.js';
import { DECODING_KNOBS } from '../decoding/knobs.js';
import type { Device, Engine } from '../engine/engines.js';
import { surveyOnnxDevices } from '../engine/onnx/devices.js';
import type { DeviceReport } from '../engine/survey.js';
import { surveyTfjsDevices } from '../engine/tfjs/devices.js';
import { loadPicture } from '../image/load-picture.js';
import { BUNDLED_SCENES, readScenes } from '../scenes/scenes-file.js';
import { loadCoca } from '../store/load.js';
import { BUNDLED_MODEL } from '../store/locate.js';
import type { Check, CheckContext } from './check.js';

/** Every engine, and how its devices are found. Each name is what `--engine` takes, each device what `--device` takes. */
interface Surveyed {
  readonly engine: Engine;
  /** A caption may take it many seconds. */
  readonly isSlow: boolean;
  readonly survey: () => Promise<DeviceReport<Device>[]>;
}

const ENGINES: readonly Surveyed[] = [
  { engine: 'onnx', isSlow: false, survey: () => surveyOnnxDevices() },
  { engine: 'tfjs', isSlow: true, survey: () => surveyTfjsDevices() },
];

/** Of the two things that are timed: about two seconds in all, more only where one run takes longer. */
const SECONDS_A_TASK = 0.8;
const BEAMS = DECODING_KNOBS.beams.default;
const TIMED: BenchOptions = {
  seconds: SECONDS_A_TASK,
  beams: BEAMS,
  maxLength: DECODING_KNOBS.maxLength.default,
  tasks: ['encode image', 'caption beam'],
  batches: [1],
};

/**
 * Every device of every engine: whether it works, and how fast and how truly it captions with the bundled model.
 * @throws CocaError `interrupted`
 */
export async function* checkEngines(context: CheckContext): AsyncGenerator<Check> {
  const [scene] = await readScenes(BUNDLED_SCENES);
  for (const { engine, isSlow, survey } of ENGINES) {
    context.onStatus(`${engine}: looking for devices`);
    for (const report of await survey()) {
      stopIfAborted(context.signal);
      const common = { area: 'engines', name: `${engine} ${report.device}` } as const;
      const isTried = context.isTimed && (context.isAll || !isSlow);
      if (report.reason === undefined && !isTried) {
        const advice = context.isTimed ? { advice: 'coca doctor --all measures it' } : {};
        yield { ...common, status: 'ok', found: 'computes', ...advice };
      } else if (report.reason === undefined) {
        context.onStatus(`${common.name}: measuring`);
        yield { ...common, ...(await tryOut(engine, report.device, scene!)) };
      } else yield { ...common, ...missing(engine, report) };
    }
  }
}

function missing(
  engine: Engine,
  { device, reason, advice }: DeviceReport<Device>,
): Pick<Check, 'status' | 'found' | 'advice'> {
  return { status: isVital(engine, device) ? 'fatal' : 'absent', found: reason!, ...(advice && { advice }) };
}

/** What everything falls back to: without it, nothing runs. */
const isVital = (engine: Engine, device: Device): boolean => engine === 'onnx' && device === 'cpu';

type Scene = Awaited<ReturnType<typeof readScenes>>[number];

async function tryOut(
  engine: Engine,
  device: Device,
  scene: Scene,
): Promise<Pick<Check, 'status' | 'found' | 'advice' | 'ms'>> {
  const isNeeded = isVital(engine, device);
  const failed = isNeeded ? 'fatal' : 'problem';
  const advice = isNeeded ? 'install the program anew' : 'use --device cpu and update the driver';
  try {
    const coca = await loadCoca({ model: BUNDLED_MODEL, engine, device });
    try {
      const picture = await loadPicture(await readFile(scene.image), coca.preprocess);
      const ms = { encode: 0, caption: 0 };
      let caption = '';
      for await (const one of measure(coca, picture, TIMED)) {
        if (one.task === 'encode image') ms.encode = one.ms;
        else ms.caption = one.ms;
        caption = one.text ?? '';
      }
      const found = `encode ${ms.encode.toFixed(1)} ms, caption ${ms.caption.toFixed(1)} ms (${BEAMS} beams)`;
      if (scene.trueCaptions.includes(caption)) return { status: 'ok', found, ms };
      return { status: failed, found: `it captions a picture wrongly: "${caption}"`, advice, ms };
    } finally {
      await coca.close();
    }
  } catch (error) {
    return { status: failed, found: (error as Error).message, advice };
  }
}
