import { type CommandContext, defineCommand } from '../../cli/command.js';
import type { PullEvent, PulledModel } from '../../model/hub/pull.js';
import { bytesText } from '../../ui/status.js';
import { visible } from '../../ui/text.js';
import { Rate, transferText } from '../../ui/transfer.js';
import { eachName } from './each-name.js';

export const modelsPull = defineCommand({
  name: 'models pull',
  shortcut: 'pull',
  summary: 'fetches models from the Hugging Face hub, or checks and mends what is here',
  details: [
    'Fetches config, weights (safetensors before .bin) and model card, and the tokenizer of a model that has its own, into the Hugging Face cache. A download that was cut goes on where it stopped, also one of another run; a file gets its name once its hash is the one that the hub announces. What is here already is compared with that, too.',
    'Prints the folder of each model. For private or gated models set HF_TOKEN, or use "hf auth login" of Python\'s huggingface_hub.',
  ].join('\n'),
  args: [{ name: 'NAME', description: 'what to fetch', kind: 'known-model', required: true, variadic: true }],
  options: {},
  globals: ['json', 'jsonl', 'quiet'],
  examples: [
    { line: 'coca models pull coca_ViT-B-32', does: 'laion/CoCa-ViT-B-32-laion2B-s13B-b90k, about 1 GB' },
    { line: 'coca models pull hf-hub:OWNER/NAME@v1.0', does: 'any OpenCLIP CoCa on the hub, here at a tag' },
  ],
  run({ args, options }, context) {
    return eachName(args, options, context, async (name, objects) => {
      const pulled = await pull(name, context);
      if (objects) await objects.write(pulled);
      else await context.out.line(visible(pulled.folder));
      context.notice(summaryOf(pulled));
      context.notice(`--model ${pulled.name} loads it, coca models use ${pulled.name} makes it the default`);
    });
  },
});

async function pull(name: string, context: CommandContext): Promise<PulledModel> {
  context.status.show(`${visible(name)}: asking the hub`);
  const { pullModel } = await import('../../model/hub/pull.js');
  const events = pullModel(name, { signal: context.signal });
  const report = reporter(context);
  for (;;) {
    const next = await events.next();
    if (next.done) {
      context.status.clear();
      return next.value;
    }
    report(next.value);
  }
}

/** Says what happens: what lasts on the status line, what a person may want to read later as a notice. */
function reporter({ notice, status }: CommandContext): (event: PullEvent) => void {
  let rate = new Rate();
  let waitingFor = '';
  return (event) => {
    switch (event.kind) {
      case 'plan':
        if (event.missing > 0) notice(`fetching ${bytesText(event.missing)}`);
        return;
      case 'progress':
        rate.add(event.done, performance.now());
        status.show(`${visible(event.name)}: ${transferText(event.done, event.size, rate.perSecond)}`);
        return;
      case 'checking':
        status.show(`${visible(event.name)}: checking ${bytesText(event.done)} of ${bytesText(event.size)}`);
        return;
      case 'waiting': {
        const who = event.pid === undefined ? 'another process' : `process ${event.pid}`;
        if (waitingFor !== event.name) notice(`${event.name}: ${who} is fetching it; waiting`);
        waitingFor = event.name;
        return;
      }
      case 'retrying':
        rate = new Rate();
        notice(`${event.reason}; trying again in ${Math.ceil(event.delayMs / 1000)} s`);
        return;
      case 'restarting':
        rate = new Rate();
        notice(`${event.name}: from the start, since ${event.reason}`);
        return;
      case 'file':
        rate = new Rate();
        return;
      case 'remark':
        notice(event.text);
    }
  };
}

function summaryOf({ name, bytes, fetched }: PulledModel): string {
  const size = bytesText(bytes);
  if (fetched === 0) return `${name} was here already and is right (${size})`;
  return fetched < bytes ? `${name} is here (${size}, ${bytesText(fetched)} of them new)` : `${name} is here (${size})`;
}
