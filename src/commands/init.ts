import { defineCommand } from '../cli/command.js';
import { visible } from '../ui/text.js';
import { writeOne } from './io/results.js';

export const init = defineCommand({
  name: 'init',
  summary: 'a new model of a given shape with random weights, to train or to measure speed with',
  details:
    'Writes open_clip_config.json and open_clip_model.safetensors into FOLDER. The same seed gives the same weights.',
  args: [
    {
      name: 'CONFIG',
      description: 'a name of OpenCLIP, such as coca_ViT-B-32 or ViT-B-32, or the path of an open_clip_config.json',
      kind: 'file',
      required: true,
      variadic: false,
    },
    {
      name: 'FOLDER',
      description: 'where to make it; must not hold a model yet',
      kind: 'folder',
      required: true,
      variadic: false,
    },
  ],
  options: {
    dtype: {
      type: 'choice',
      choices: ['F32', 'F16'],
      placeholder: 'TYPE',
      default: 'F32',
      description: 'how weights are stored',
    },
  },
  globals: ['seed', 'json', 'jsonl', 'quiet'],
  examples: [{ line: 'coca init coca_ViT-B-32 fresh --seed 7', does: 'a model folder that --model takes' }],
  async run({ args, options }, context) {
    const { initModel } = await import('../model/store/init.js');
    const [config, output] = args as [string, string];
    const made = await initModel({
      config,
      output,
      seed: options.seed,
      dtype: options.dtype,
      onProgress: (done, total) => context.status.show(`writing weights: ${Math.floor((100 * done) / total)} %`),
    });
    context.status.clear();
    const object = {
      folder: made.folder,
      parameters: made.parameters,
      tensors: made.tensors,
      dtype: options.dtype,
      seed: options.seed,
    };
    await writeOne(options, context, object, [visible(made.folder)]);
    context.notice(
      `${(made.parameters / 1e6).toFixed(1)} M parameters of ${config} in ${made.tensors} tensors (${options.dtype}, seed ${options.seed})`,
    );
    return { done: 1, failed: 0 };
  },
});
