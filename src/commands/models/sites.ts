import { defineCommand } from '../../cli/command.js';
import { formatOf, writeObjects } from '../io/results.js';
import { MODEL_ARGUMENT } from './model-argument.js';

export const modelsSites = defineCommand({
  name: 'models sites',
  summary: 'the parts of a model that --ablate takes out, by name',
  details:
    'A line a site, in the order in which a picture and its caption go through them: an attention, then its heads, then the MLP of its block. Reads the config alone. JSON: {"name", "sites"}. coca help inside says what they are.',
  args: [MODEL_ARGUMENT],
  options: {},
  globals: ['config', 'json', 'jsonl', 'quiet'],
  examples: [{ line: 'coca models sites scenes | grep cross', does: 'the cross-attention of the bundled model' }],
  async run({ args, options }, context) {
    const { sitesOfModel } = await import('../../model/interventions/sites-of-model.js');
    const { name, sites } = await sitesOfModel(args[0], options.config);
    const format = formatOf(options, context);
    if (format === 'json' || format === 'jsonl') await writeObjects(context.out, format, [{ name, sites }]);
    else for (const site of sites) await context.out.line(site);
    return { done: 1, failed: 0 };
  },
});
