import { defineCommand } from '../../cli/command.js';
import { visible } from '../../ui/text.js';
import { writeOne } from '../io/results.js';

export const modelsUse = defineCommand({
  name: 'models use',
  summary: 'sets the model that is loaded where none is named',
  details:
    '--model and $COCA_MODEL come before it. "scenes" is the bundled model, and so is the default again. With --precision it is loaded in that. The choice is kept in settings.json in the config folder ($COCA_CONFIG, else the platform\'s).',
  args: [
    {
      name: 'NAME',
      description: 'what --model takes; it must be on this machine',
      kind: 'model',
      required: true,
      variadic: false,
    },
  ],
  options: {},
  globals: ['precision', 'json', 'jsonl', 'quiet'],
  examples: [
    { line: 'coca models use coca_ViT-B-32', does: 'from now on coca caption photo.jpg runs that' },
    { line: 'coca models use coca_ViT-B-32 --precision int8', does: 'the same, its large matrices in 8 bits' },
  ],
  async run({ args, options }, context) {
    const { chooseModel } = await import('../../model/store/default-model.js');
    const used = await chooseModel(args[0]!, options.precision);
    await writeOne(options, context, used, [
      visible(used.precision === undefined ? used.model : `${used.model} in ${used.precision}`),
    ]);
    if (process.env.COCA_MODEL) context.notice('$COCA_MODEL is set and comes before it');
    return { done: 1, failed: 0 };
  },
});
