import { defineCommand } from '../cli/command.js';
import { CocaError } from '../model/base/errors.js';
import { progressText } from '../ui/status.js';
import { visible } from '../ui/text.js';
import { writeOne } from './io/results.js';

/** In smaller pictures, neighbouring frames could be alike, and an animation has such only once. */
const LEAST_MOVING = 64;

export const scenes = defineCommand({
  name: 'scenes',
  summary: 'writes pictures composed of emoji, with captions known to be true of them',
  details: [
    'FOLDER gets 000001.png and so on; captions.jsonl to train with (image, caption, true_captions, hard_negatives, groups, boxes, ...); and scenes.json, which coca eval reads (the same with the longest true caption as caption).',
    '--questions: questions.jsonl has image, question, answer, question_type (how_many, colour, relation, is_there) and answer_type, several lines a scene, for coca train and coca eval --vqa.',
    '--frames: FOLDER gets 000001.webp and so on; captions.jsonl and scenes.json have motion, and frames: the boxes in each. As pictures they are their first frames.',
    'Scene i depends only on the seed and on i. One pair of things in ten never occurs, whatever the seed; with --held-out only those do, so that a model trained on the others has seen none.',
    'The art is Noto Emoji (Apache License 2.0) from the npm package emoji-datasource-google, which is not installed with this program.',
  ].join('\n'),
  args: [
    {
      name: 'FOLDER',
      description: 'where to write; must hold no scenes yet',
      kind: 'folder',
      required: true,
      variadic: false,
    },
  ],
  options: {
    count: { type: 'integer', min: 1, max: 2 ** 32, default: 1000, description: 'how many scenes' },
    size: { type: 'integer', min: 16, max: 2048, default: 192, description: 'side of the pictures in pixels' },
    heldOut: { type: 'flag', description: 'a test set: only pairs of things that training never shows together' },
    frames: {
      type: 'integer',
      min: 2,
      max: 16,
      placeholder: 'N',
      description: 'scenes that move: one thing, from left to right, as animated WebP of N frames',
    },
    questions: {
      type: 'flag',
      description: 'also questions.jsonl: questions about the scenes, with their answers',
    },
    art: {
      type: 'text',
      kind: 'folder',
      placeholder: 'FOLDER',
      description: "the things' pictures, by their names in emoji-datasource-google",
      otherwise: 'img/google/64 of the installed package',
    },
  },
  globals: ['seed', 'json', 'jsonl', 'quiet'],
  examples: [
    { line: 'coca scenes world --count 20000', does: 'training data' },
    { line: 'coca scenes asked --count 5000 --questions', does: 'with questions about them' },
    { line: 'coca scenes moving --count 10 --frames 8', does: 'a thing that moves, as clips' },
    { line: 'coca scenes test --count 200 --held-out --seed 1', does: 'a test set for it' },
  ],
  async check({ options }) {
    if (options.frames === undefined) return;
    const stray = options.questions ? '--questions' : options.heldOut ? '--held-out' : undefined;
    if (stray !== undefined) {
      throw new CocaError('usage', `${stray} means nothing with --frames: scenes that move are of one thing`);
    }
    if (options.size < LEAST_MOVING) {
      throw new CocaError(
        'usage',
        `--frames needs pictures of ${LEAST_MOVING} pixels a side, so that each step is seen`,
      );
    }
  },
  async run({ args, options }, context) {
    const { writeScenes } = await import('../model/scenes/world/folder.js');
    const folder = args[0]!;
    const { count, seed, size, heldOut, frames, questions, art } = options;
    const start = performance.now();
    await writeScenes({
      folder,
      count,
      seed,
      size,
      heldOut,
      frames,
      questions,
      art,
      signal: context.signal,
      onProgress: (done) => context.status.show(progressText(done, count, performance.now() - start)),
    });
    context.status.clear();
    const object = {
      folder,
      count,
      seed,
      size,
      heldOut,
      ...(frames !== undefined && { frames }),
      ...(questions && { questions }),
    };
    await writeOne(options, context, object, [visible(folder)]);
    context.notice(`${count} scenes of seed ${seed}${heldOut ? ', pairs that training never shows' : ''}`);
    return { done: 1, failed: 0 };
  },
});
