import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CocaError, stopIfAborted } from '../../base/errors.js';
import { exists, makeFolder } from '../../base/folders.js';
import { mapAhead } from '../../base/pipeline.js';
import { orWriteFailed, writeWhole } from '../../base/whole-file.js';
import { type Art, loadArt } from './art.js';
import { type DescribedScene, type DrawnScene, describeScene } from './draw.js';
import { pixelSquare } from './layout.js';
import { FRAME_MS, movingScene, placedInFrame } from './moving.js';
import { questionStream, sceneQuestions } from './questions.js';
import { renderScene } from './render.js';
import { THINGS } from './things.js';

export interface SceneFolderOptions {
  /** Made when needed; must hold no scenes yet. */
  readonly folder: string;
  readonly count: number;
  readonly seed: number;
  /** Side of the pictures in pixels. */
  readonly size: number;
  /** Only pairs that training never shows. */
  readonly heldOut: boolean;
  /** Scenes of one thing that moves from left to right, as animated WebP of so many frames. */
  readonly frames?: number | undefined;
  /** Whether `questions.jsonl` is written, too. */
  readonly questions?: boolean;
  /** Folder with the things' pictures; by default that of the installed package. */
  readonly art?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

/** What training reads: one object a line, with a caption as training hears it. */
export const CAPTIONS_FILE = 'captions.jsonl';
/** What `readScenes` reads: a list, whose captions are the longest true ones. */
export const SCENES_FILE = 'scenes.json';

/** Questions about the scenes, with their answers: one object a line, several of a scene. */
const QUESTIONS_FILE = 'questions.jsonl';

/** Scenes painted and encoded side by side; sharp's own threads do the encoding. */
const AHEAD = 8;

/**
 * Writes scenes 0 to count - 1 of a seed: `000001.png` and so on (`000001.webp` where they move), `captions.jsonl` and `scenes.json`, and `questions.jsonl` where it is wanted.
 * The lists take their names only when everything is there.
 * @throws CocaError `not-found` (the art), `write-failed` (also when there are scenes already), `interrupted`
 */
export async function writeScenes(options: SceneFolderOptions): Promise<void> {
  const { folder, count, seed, heldOut } = options;
  const art = await loadArt(options.art);
  await prepareFolder(folder);
  const write = async (index: number) => {
    stopIfAborted(options.signal);
    const { frames } = options;
    const scene = frames === undefined ? describeScene(seed, index, { heldOut }) : movingScene(seed, index);
    const moments: readonly DrawnScene[] =
      frames === undefined
        ? [scene]
        : Array.from({ length: frames }, (_, i) => ({ ...scene, placements: placedInFrame(scene, i, frames) }));
    const image = `${String(index + 1).padStart(6, '0')}.${frames === undefined ? 'png' : 'webp'}`;
    await writePicture(join(folder, image), moments, art, options.size);
    return { image, scene, moments };
  };
  type Write = (bytes: Uint8Array) => Promise<void>;
  const withQuestions = (fill: (toQuestions: Write) => Promise<void>): Promise<void> =>
    options.questions ? writeWhole(join(folder, QUESTIONS_FILE), fill) : fill(async () => undefined);
  const withLists = (fill: (toScenes: Write, toCaptions: Write, toQuestions: Write) => Promise<void>) =>
    withQuestions((toQuestions) =>
      writeWhole(join(folder, SCENES_FILE), (toScenes) =>
        writeWhole(join(folder, CAPTIONS_FILE), (toCaptions) => fill(toScenes, toCaptions, toQuestions)),
      ),
    );
  await withLists(async (toScenes, toCaptions, toQuestions) => {
    let done = 0;
    for await (const { image, scene, moments } of mapAhead(numbers(count), write, AHEAD)) {
      const { longest, ...rest } = sceneRecord(image, scene, moments, options.size);
      await toScenes(Buffer.from(`${done === 0 ? '[' : ','}\n${JSON.stringify({ ...rest, caption: longest })}`));
      await toCaptions(Buffer.from(`${JSON.stringify({ ...rest, longest })}\n`));
      const asked = sceneQuestions(scene, questionStream(seed, done));
      await toQuestions(Buffer.from(asked.map((one) => `${JSON.stringify({ image, ...one })}\n`).join('')));
      done += 1;
      options.onProgress?.(done);
    }
    await toScenes(Buffer.from(done === 0 ? '[]\n' : '\n]\n'));
  });
}

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) yield i;
}

async function prepareFolder(folder: string): Promise<void> {
  await orWriteFailed(folder, makeFolder(folder));
  for (const name of [SCENES_FILE, CAPTIONS_FILE, QUESTIONS_FILE]) {
    if (await exists(join(folder, name))) {
      throw new CocaError('write-failed', `${folder} holds ${name} already`, 'choose another folder');
    }
  }
}

/** One moment as PNG, several as an animation that loses nothing. */
async function writePicture(path: string, moments: readonly DrawnScene[], art: Art, size: number): Promise<void> {
  const { default: sharp } = await import('sharp');
  const painted = Buffer.concat(moments.map((moment) => renderScene(moment, art, size)));
  const raw = { width: size, height: size * moments.length, channels: 3, pageHeight: size } as const;
  const picture = sharp(painted, { raw });
  const delay = moments.map(() => FRAME_MS);
  const bytes = await (moments.length === 1 ? picture.png() : picture.webp({ lossless: true, delay })).toBuffer();
  await orWriteFailed(path, writeFile(path, bytes));
}

/** A scene as both files have it. Boxes are in pixels of the picture, from the upper left corner, ends excluded. */
function sceneRecord(image: string, scene: DescribedScene, moments: readonly DrawnScene[], size: number) {
  const { content } = scene;
  const boxesOf = ({ placements }: DrawnScene) =>
    placements.map((placement) => {
      const { left, top, side } = pixelSquare(placement, size);
      return { object: THINGS[placement.thing]!.singular, x0: left, y0: top, x1: left + side, y1: top + side };
    });
  return {
    image,
    width: size,
    height: size,
    background: content.background,
    relation: content.relation,
    size: content.size,
    groups: content.groups.map(({ thing, count }) => ({
      object: THINGS[thing]!.singular,
      plural: THINGS[thing]!.plural,
      count,
    })),
    // Of a scene that moves, those of its first frame, which it is as a picture.
    boxes: boxesOf(moments[0]!),
    ...(moments.length > 1 && {
      motion: 'left to right',
      frames: moments.map((moment) => ({ boxes: boxesOf(moment) })),
    }),
    // A class, where there is only one.
    ...(content.groups.length === 1 && { label: THINGS[content.groups[0]!.thing]!.singular }),
    caption: scene.caption,
    longest: scene.longest,
    true_captions: scene.trueCaptions,
    hard_negatives: scene.hardNegatives,
  };
}
