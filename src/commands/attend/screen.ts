import type { CommandContext } from '../../cli/command.js';
import { MAP_METHODS, type MapChoice, type MeasuredClip } from '../../model/attention/index.js';
import { CocaError } from '../../model/base/errors.js';
import type { GroundedCaption } from '../../model/grounding/index.js';
import { showAttention } from '../../ui/attend/show.js';
import type { AttendSource } from '../../ui/attend/source.js';
import { initialState } from '../../ui/attend/state.js';
import { staticText } from '../../ui/attend/static.js';
import { choosePictureKind } from '../../ui/picture/choose.js';
import type { PictureKind, Raster } from '../../ui/picture/raster.js';
import type { Terminal } from '../../ui/terminal.js';
import { visible, whatRuns } from '../../ui/text.js';
import { canShow, type Streams } from '../../ui/view/streams.js';
import { modelOnScreen } from '../io/model.js';
import { freeName, savedName } from '../io/save-names.js';
import { frameText, wordClip } from './clip.js';
import { writeAttendFiles } from './files.js';
import { type AttendResult, type AttendScene, type Compute, type Reading, wordMap } from './result.js';

export interface PresentOptions {
  /** Whether a person is to walk through the maps; otherwise they are printed. */
  readonly isAsked: boolean;
  readonly images: PictureKind | 'auto';
}

/**
 * Shows a caption's attention on the terminal: to walk through, where there are keys, otherwise printed once.
 * @throws CocaError `interrupted` for Ctrl-C; `engine` when the engine's process has ended
 */
export async function present(
  { all, current, compute, coca }: AttendScene,
  { isAsked, images }: PresentOptions,
  context: CommandContext,
): Promise<void> {
  const { terminal, stdin, out } = context;
  const kind = await kindOfMaps(images, terminal);
  const hasCells = kind === 'blocks' || kind === 'none';
  const rasterOf = async ({ all }: Reading): Promise<Raster> => (hasCells ? all.picture : all.square());
  const rastersOf = async (reading: Reading): Promise<readonly Raster[]> => {
    const { clip } = reading.all;
    return clip
      ? Promise.all(clip.map(({ picture, square }) => (hasCells ? picture : square())))
      : [await rasterOf(reading)];
  };
  const source = attendSource(all, await rastersOf({ all, compute }), compute, rastersOf);
  const initial = initialState(all.choice, current ?? 0, source.later);
  if (isAsked && canShow(terminal, stdin)) {
    const show = (streams: Streams) => showAttention(source, initial, kind, terminal, streams);
    const left = await modelOnScreen(coca, context, show);
    if (left === 'interrupt') throw new CocaError('interrupted', 'interrupted');
    return;
  }
  const { mapDrawer } = await import('../../ui/attend/draw.js');
  const drawerOf =
    kind === 'none' ? undefined : (shown: AttendSource) => mapDrawer(shown, kind, terminal.colors, undefined);
  for (const frame of source.frames ?? [source]) {
    const named = frame.frameOf && `frame ${frame.frameOf(current ?? 0, initial).frame}\n`;
    await out.write(`${named ?? ''}${staticText(frame, initial, current, terminal, drawerOf)}`);
  }
}

/** As for any picture; but a map in characters is text, and the dumbest terminal shows it. */
async function kindOfMaps(images: PictureKind | 'auto', terminal: Terminal): Promise<PictureKind> {
  return images === 'auto' && terminal.env.TERM === 'dumb' ? 'blocks' : choosePictureKind(images, terminal);
}

/**
 * What the view may ask. A map is computed when it is first looked at.
 * @param pictures the square that the model sees, with as many pixels as are to be drawn; of a clip, that of each frame
 * @param compute what takes many passes, where that is not there yet
 * @param rastersOf what is drawn of the picture when something is erased of it
 */
export function attendSource(
  result: AttendResult,
  pictures: readonly Raster[],
  compute: Compute,
  rastersOf: (reading: Reading) => Promise<readonly Raster[]> = async ({ all }) => [all.picture],
): AttendSource {
  const { words, clip } = result;
  let { attention, owed } = result;
  let grounded: GroundedCaption | undefined;
  const { methods } = attention.maps;
  const known = new Map<string, Omit<MeasuredClip, 'peakFrame'>>();
  const measured = (word: number, { method, layer, head }: MapChoice): Omit<MeasuredClip, 'peakFrame'> => {
    const key = `${word} ${method} ${layer} ${head}`;
    const choice = { method, layer, head };
    const found =
      known.get(key) ??
      (clip
        ? wordClip(attention, words[word]!, choice)
        : { frames: [wordMap(attention, words[word]!, choice)], shares: [1] });
    known.set(key, found);
    return found;
  };
  const at = (frame: number): AttendSource => ({
    image: visible(result.image),
    model: whatRuns(result.coca),
    words: words.map(({ text, logprob }) => ({ text: visible(text), probability: Math.exp(logprob) })),
    picture: pictures[frame]!,
    ...(clip && {
      frameOf: (word, choice) => {
        return { frame: frameText(clip[frame]!), of: clip.length, share: measured(word, choice).shares[frame]! };
      },
    }),
    grid: attention.maps.grid,
    layers: attention.maps.layers,
    heads: attention.maps.heads,
    methods: MAP_METHODS.filter((method) => (method === 'occlusion' && !clip) || methods.includes(method)),
    // What was computed stays, while other readings are shown.
    get later() {
      const isOccluded = attention.maps.methods.includes('occlusion');
      return [
        ...(isOccluded || clip ? [] : ['occlusion' as const]),
        ...(owed ? [] : ['words' as const]),
        ...(grounded || clip ? [] : ['grounding' as const]),
      ];
    },
    erased: result.erased ?? [],
    async without(cells) {
      const reading = await compute.without(cells);
      return attendSource(reading.all, await rastersOf(reading), reading.compute, rastersOf);
    },
    async compute(what, onProgress, signal) {
      const hooks = { onProgress, signal };
      if (what === 'words') owed = await compute.owed(hooks);
      else if (what === 'grounding') grounded = await compute.grounding(hooks);
      else attention = await compute.occlusion(hooks);
    },
    owedBy: (word) => owed?.[word] ?? [],
    groundingOf: (word) => {
      const [first] = words[word]!.positions;
      return grounded?.words.find((one) => one.word.positions[0] === first);
    },
    mapOf: (word, choice) => measured(word, choice).frames[frame]!,
    async save({ method, layer, head }) {
      const folder = await freeName(`${savedName(result.image)}-attention`);
      const count = await writeAttendFiles(folder, { ...result, attention, choice: { method, layer, head } });
      return `saved in ${folder}: ${count} overlays and the raw arrays`;
    },
  });
  if (!clip) return at(0);
  const frames = clip.map((_, frame) => at(frame));
  return {
    ...at(0),
    get later() {
      return frames[0]!.later;
    },
    frames,
  };
}
