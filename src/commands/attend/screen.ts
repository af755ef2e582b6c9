import type { CommandContext } from '../../cli/command.js';
import { MAP_METHODS, type MeasuredMap } from '../../model/attention/index.js';
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
  const source = attendSource(all, await rasterOf({ all, compute }), compute, rasterOf);
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
  await out.write(staticText(source, initial, current, terminal, drawerOf));
}

/** As for any picture; but a map in characters is text, and the dumbest terminal shows it. */
async function kindOfMaps(images: PictureKind | 'auto', terminal: Terminal): Promise<PictureKind> {
  return images === 'auto' && terminal.env.TERM === 'dumb' ? 'blocks' : choosePictureKind(images, terminal);
}

/**
 * What the view may ask. A map is computed when it is first looked at.
 * @param picture the square that the model sees, with as many pixels as are to be drawn
 * @param compute what takes many passes, where that is not there yet
 * @param rasterOf what is drawn of the picture when something is erased of it
 */
export function attendSource(
  result: AttendResult,
  picture: Raster,
  compute: Compute,
  rasterOf: (reading: Reading) => Promise<Raster> = async ({ all }) => all.picture,
): AttendSource {
  const { words, square } = result;
  let { attention, owed } = result;
  let grounded: GroundedCaption | undefined;
  const { methods } = attention.maps;
  const known = new Map<string, MeasuredMap>();
  return {
    image: visible(result.image),
    model: whatRuns(result.coca),
    words: words.map(({ text, logprob }) => ({ text: visible(text), probability: Math.exp(logprob) })),
    picture,
    grid: attention.maps.grid,
    layers: attention.maps.layers,
    heads: attention.maps.heads,
    methods: MAP_METHODS.filter((method) => method === 'occlusion' || methods.includes(method)),
    // What was computed stays, while other readings are shown.
    get later() {
      const isOccluded = attention.maps.methods.includes('occlusion');
      return [
        ...(isOccluded ? [] : ['occlusion' as const]),
        ...(owed ? [] : ['words' as const]),
        ...(grounded ? [] : ['grounding' as const]),
      ];
    },
    erased: result.erased ?? [],
    async without(cells) {
      const reading = await compute.without(cells);
      return attendSource(reading.all, await rasterOf(reading), reading.compute, rasterOf);
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
    mapOf(word, choice) {
      const key = `${word} ${choice.method} ${choice.layer} ${choice.head}`;
      const map = known.get(key) ?? wordMap(attention, words[word]!, choice);
      known.set(key, map);
      return map;
    },
    async save({ method, layer, head }) {
      const folder = await freeName(`${savedName(result.image)}-attention`);
      const count = await writeAttendFiles(
        folder,
        { ...result, attention, choice: { method, layer, head } },
        await square(),
      );
      return `saved in ${folder}: ${count} overlays and the raw arrays`;
    },
  };
}
