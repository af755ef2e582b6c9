import { defineCommand, type Outcome } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { MODEL_OPTIONS } from '../io/model.js';
import { DEFAULT_PORT, SERVE_OPTIONS } from './options.js';

export const serve = defineCommand({
  name: 'serve',
  summary: 'a warm server: captions, rank, classify, attend and embeddings over HTTP',
  details: [
    'Prints its address once its models are loaded: a line, with --json an object. Requests are logged on stderr, a JSON object a line; --quiet leaves that out.',
    'Listens on this machine alone. --host opens it to others, and then a token is needed: --token-file, or $COCA_SERVER_TOKEN.',
    'SIGTERM and SIGINT end it: it takes no more requests, finishes those it has within --grace seconds, and exits with 0.',
    'coca help serve.md lists what can be asked.',
  ].join('\n'),
  args: [],
  options: SERVE_OPTIONS,
  globals: [...MODEL_OPTIONS, 'json', 'quiet', 'verbose'],
  examples: [
    { line: 'coca serve', does: `on 127.0.0.1:${DEFAULT_PORT}, with the default model` },
    { line: 'coca serve --socket /tmp/coca.sock --models scenes,./mine', does: 'two models on a Unix socket' },
    {
      line: 'curl -s --data-binary @photo.jpg -H content-type:image/jpeg localhost:2622/v1/caption',
      does: 'a caption from it',
    },
  ],
  async check({ options, typed }) {
    const exclude = (one: string, other: string): void => {
      if (typed.has(one) && typed.has(other))
        throw new CocaError('usage', `--${one} and --${other} exclude each other`);
    };
    exclude('socket', 'port');
    exclude('socket', 'host');
    exclude('models', 'model');
    if (options.models.flatMap((names) => names.split(',')).some((name) => name.trim() === '')) {
      throw new CocaError('usage', '--models names a model without a name');
    }
  },
  async run(invocation, context): Promise<Outcome> {
    const { runServer } = await import('./run.js');
    const serving = () => runServer(invocation.options, context, async () => async () => undefined);
    return context.untilStopped ? context.untilStopped(serving) : serving();
  },
});
