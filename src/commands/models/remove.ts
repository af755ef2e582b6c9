import { defineCommand } from '../../cli/command.js';
import { bytesText } from '../../ui/status.js';
import { visible } from '../../ui/text.js';
import { eachName } from './each-name.js';

export const modelsRemove = defineCommand({
  name: 'models remove',
  aliases: ['rm'],
  summary: 'removes fetched models from the cache, without asking',
  details:
    'Removes what coca reads of a model: config, weights, card and tokenizer, its conversion, what it computed and keeps in the cache, the indexes of collections there that have its embeddings, and its cut downloads. The pictures stay, and so do indexes elsewhere (--index). Files that other revisions have too stay, and so do files that other programs fetched. Prints what it freed; NAME<TAB>BYTES in a pipe.',
  args: [
    { name: 'NAME', description: 'a model in the Hugging Face cache', kind: 'model', required: true, variadic: true },
  ],
  options: {},
  globals: ['json', 'jsonl', 'quiet'],
  examples: [{ line: 'coca models remove coca_ViT-L-14', does: 'about 2.5 GB less' }],
  async run({ args, options }, context) {
    const { forgetModel } = await import('../../model/store/default-model.js');
    const { removeModel } = await import('../../model/hub/remove.js');
    return eachName(args, options, context, async (name, objects) => {
      const removed = await removeModel(name);
      if (objects) await objects.write(removed);
      else if (context.terminal.interactive) {
        await context.out.line(`${visible(removed.name)}: ${bytesText(removed.freed)} freed`);
      } else await context.out.line(`${visible(removed.name)}\t${removed.freed}`);
      if (removed.kept > 0) context.notice(`${bytesText(removed.kept)} stay, since others use the same files`);
      if (removed.others.length > 0) context.notice(`coca has no use for, and left: ${removed.others.join(', ')}`);
      for (const root of removed.indexes) context.notice(`the index of ${visible(root)} by it went, too`);
      for (const root of removed.busy) {
        context.notice(`the index of ${visible(root)} by it stays, since another process writes in it`);
      }
      if (await forgetModel(removed.name)) context.notice('it was the default, which is the bundled model again');
    });
  },
});
