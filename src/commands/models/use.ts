import { defineCommand } from '../../cli/command.js';
import { visible } from '../../ui/text.js';
import { writeOne } from '../io/results.js';

export const modelsUse = defineCommand({
  name: 'models use',
  summary: 'sets the model that is loaded where none is named',
  details:
    '--model and $COCA_MODEL come before it. "scenes" is the bundled model, and so is the default again. The choice is kept in settings.json in the config folder ($COCA_CONFIG, else the platform\'s).',
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
  globals: ['json', 'jsonl', 'quiet'],
  examples: [{ line: 'coca models use coca_ViT-B-32', does: 'from now on coca caption photo.jpg runs that' }],
  async run({ args, options }, context) {
    const { chooseModel } = await import('../../model/store/default-model.js');
    const used = await chooseModel(args[0]!);
    await writeOne(options, context, used, [visible(used.model)]);
    if (process.env.COCA_MODEL) context.notice('$COCA_MODEL is set and comes before it');
    return { done: 1, failed: 0 };
  },
});
