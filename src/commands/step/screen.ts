import type { CommandContext } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { choosePictureKind } from '../../ui/picture/choose.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { showSteps } from '../../ui/step/show.js';
import { staticLines } from '../../ui/step/static.js';
import type { Streams } from '../../ui/view/streams.js';
import { modelOnScreen } from '../io/model.js';
import { freeName, savedName } from '../io/save-names.js';
import type { OpenWalk } from './open.js';
import { namesOf, snapshotOf, WalkSource } from './source.js';

export interface ScreenOptions extends OpenWalk {
  /** What pictures are drawn with. */
  readonly images: PictureKind | 'auto';
  /** Where the session is to be saved; otherwise a name in the working directory is found. */
  readonly file: string | undefined;
}

/**
 * Walks through a search with keys, until the view is left.
 * @throws CocaError `interrupted` for Ctrl-C; `engine` when the engine's process has ended
 */
export async function walkOnScreen(options: ScreenOptions, context: CommandContext): Promise<void> {
  let { file } = options;
  const save = async (): Promise<string> => {
    file ??= await freeName(`${savedName(options.image)}-step`, '.json');
    await options.save(file);
    return `saved in ${file}`;
  };
  const kind = choosePictureKind(options.images, context.terminal);
  const hasCells = kind === 'blocks' || kind === 'none';
  const picture = hasCells ? options.picture : await options.square();
  const source = await WalkSource.open({ ...options, picture, save, isKept: options.file !== undefined });
  try {
    const show = (streams: Streams) => showSteps(source, kind, context.terminal, streams);
    const left = await modelOnScreen(options.coca, context, show);
    if (left === 'interrupt') throw new CocaError('interrupted', 'interrupted');
  } finally {
    source.leave();
  }
}

/** Prints where a walk stands, for a terminal on which no keys are asked for. */
export async function printWalk(walk: OpenWalk, { out, terminal }: CommandContext): Promise<void> {
  await out.write(`${staticLines(namesOf(walk), await snapshotOf(walk), terminal).join('\n')}\n`);
}
