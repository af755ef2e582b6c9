import { defineCommand, kebab, type Outcome } from '../../cli/command.js';
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
    '--background: a process that stays. Commands that would load the very model that it has ask it instead, and so they ask the server that $COCA_SERVER names.',
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
    for (const verb of ['status', 'stop']) {
      const other = [...typed].find((name) => name !== verb && !['json', 'quiet', 'verbose'].includes(name));
      if (typed.has(verb) && other !== undefined)
        throw new CocaError('usage', `--${kebab(other)} means nothing with --${verb}`);
    }
    if (options.models.flatMap((names) => names.split(',')).some((name) => name.trim() === '')) {
      throw new CocaError('usage', '--models names a model without a name');
    }
  },
  async run(invocation, context): Promise<Outcome> {
    const { options } = invocation;
    if (options.background || options.status || options.stop) {
      const { showStatus, startInBackground, stopBackground } = await import('./background.js');
      if (options.status) return showStatus(invocation, context);
      return options.stop ? stopBackground(context) : startInBackground(invocation, context);
    }
    const { runServer } = await import('./run.js');
    const serving = () => runServer(options, context);
    return context.untilStopped ? context.untilStopped(serving) : serving();
  },
});
