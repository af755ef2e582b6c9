import { defineCommand } from '../cli/command.js';
import { progressText } from '../ui/status.js';
import { visible } from '../ui/text.js';
import { writeOne } from './io/results.js';

export const scenes = defineCommand({
  name: 'scenes',
  summary: 'writes pictures composed of emoji, with captions known to be true of them',
  details: [
    'FOLDER gets 000001.png and so on; captions.jsonl to train with (image, caption, true_captions, hard_negatives, groups, boxes, ...); and scenes.json, which coca eval reads (the same with the longest true caption as caption).',
    '--questions: questions.jsonl has image, question, answer, question_type (how_many, colour, relation, is_there) and answer_type, several lines a scene, for coca train and coca eval --vqa.',
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
    { line: 'coca scenes test --count 200 --held-out --seed 1', does: 'a test set for it' },
  ],
  async run({ args, options }, context) {
    const { writeScenes } = await import('../model/scenes/world/folder.js');
    const folder = args[0]!;
    const { count, seed, size, heldOut, questions, art } = options;
    const start = performance.now();
    await writeScenes({
      folder,
      count,
      seed,
      size,
      heldOut,
      questions,
      art,
      signal: context.signal,
      onProgress: (done) => context.status.show(progressText(done, count, performance.now() - start)),
    });
    context.status.clear();
    const object = { folder, count, seed, size, heldOut, ...(questions && { questions }) };
    await writeOne(options, context, object, [visible(folder)]);
    context.notice(`${count} scenes of seed ${seed}${heldOut ? ', pairs that training never shows' : ''}`);
    return { done: 1, failed: 0 };
  },
});
