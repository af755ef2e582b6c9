import { defineCommand } from '../../cli/command.js';
import type { ModelFacts } from '../../model/store/inspect.js';
import { bytesText } from '../../ui/status.js';
import { visible } from '../../ui/text.js';
import { formatOf, writeObjects } from '../io/results.js';
import { MODEL_ARGUMENT } from './model-argument.js';

export const modelsInfo = defineCommand({
  name: 'models info',
  summary: 'what a model on this machine is: config, parameters by part, size, licence',
  details:
    'Reads and checks config and weights as for loading, without running anything. poolers are the attentional poolers that make image tokens and the contrastive embedding of patches; text is the unimodal half of the decoder, multimodal the half that attends to the image; a dual encoder has neither decoder nor, most often, poolers. ignored are fields of the config that change nothing here, as in OpenCLIP. The licence is the one that the model card names.',
  args: [MODEL_ARGUMENT],
  options: {},
  globals: ['config', 'json', 'jsonl', 'quiet'],
  examples: [
    { line: 'coca models info', does: 'the default model' },
    { line: 'coca models info coca_ViT-B-32 --json | jq .[0].parameters', does: 'for a program' },
  ],
  async run({ args, options }, context) {
    context.status.show('reading the model');
    const { inspectModel } = await import('../../model/store/inspect.js');
    const facts = await inspectModel(args[0], options.config);
    context.status.clear();
    const format = formatOf(options, context);
    if (format === 'json' || format === 'jsonl') await writeObjects(context.out, format, [objectOf(facts)]);
    else for (const [key, value] of rows(facts)) await context.out.line(`${key.padEnd(14)}${visible(value)}`);
    return { done: 1, failed: 0 };
  },
});

function objectOf({ json, config: { multimodal, ignored }, ...facts }: ModelFacts): object {
  const { name, repository = null, commit = null, source = null, license = null, ...rest } = facts;
  const captions = multimodal !== null;
  return { name, repository, commit, source, license, captions, ...rest, ignored, config: json };
}

function rows(facts: ModelFacts): [string, string][] {
  const { name, folder, repository, commit, source, license, weights, parameters, config } = facts;
  const { vision, text, multimodal, embed_dim, ignored } = config;
  const optional = (key: string, value: string | undefined): [string, string][] =>
    value === undefined ? [] : [[key, value]];
  const part = (key: Exclude<keyof ModelFacts['parameters'], 'total'>, shape: string): [string, string] => [
    `  ${key}`,
    `${millions(parameters[key]).padEnd(10)}${shape}`.trimEnd(),
  ];
  const layers = (of: { layers: number; width: number }) => `${of.layers} layers of width ${of.width}`;
  return [
    ['name', name],
    ['kind', multimodal ? 'CoCa' : 'dual encoder, without a captioner'],
    ...optional('repository', repository),
    ...optional('commit', commit),
    ...optional('source', source),
    ['licence', license ?? 'not stated'],
    ['folder', folder],
    ['weights', `${weights.file}, ${bytesText(weights.bytes)}, ${weights.dtypes.join(' and ')}`],
    ...optional('cached', facts.quantised && `in ${facts.quantised.precision}, ${bytesText(facts.quantised.bytes)}`),
    ...optional('kept', facts.computed && `embeddings, ${bytesText(facts.computed.bytes)}`),
    ...optional('indexes', facts.indexes && `${facts.indexes.count}, ${bytesText(facts.indexes.bytes)}`),
    ['parameters', millions(parameters.total)],
    part('vision', layers(vision)),
    ...(parameters.poolers > 0 ? [part('poolers', `${vision.attn_pooler_queries} queries`)] : []),
    part('text', layers(text)),
    ...(multimodal ? [part('multimodal', layers(multimodal))] : []),
    ['picture', `${vision.image_size} x ${vision.image_size} pixels, patches of ${vision.patch_size}`],
    ['context', `${text.context_length} ids of ${text.vocab_size}`],
    ['embedding', `${embed_dim} numbers`],
    ...facts.remarks.map((remark): [string, string] => ['fitted', remark]),
    ...optional('ignored', ignored.length > 0 ? ignored.join(', ') : undefined),
  ];
}

const millions = (count: number): string => `${(count / 1e6).toFixed(1)} M`;
