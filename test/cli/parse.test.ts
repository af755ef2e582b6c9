import { describe, expect, it } from 'vitest';
import { parseCommandLine, type Request } from '../../src/cli/parse.js';
import { COMMANDS } from '../../src/commands/index.js';
import { CocaError } from '../../src/model/base/errors.js';

function parse(line: string): Request {
  return parseCommandLine(line === '' ? [] : line.split(' '), COMMANDS);
}

function run(line: string): Extract<Request, { kind: 'run' }> {
  const request = parse(line);
  if (request.kind !== 'run') throw new Error(`${line} is ${request.kind}`);
  return request;
}

function failure(line: string): CocaError {
  try {
    parse(line);
  } catch (error) {
    if (error instanceof CocaError) return error;
    throw error;
  }
  throw new Error(`${line} was accepted`);
}

describe('words to values', () => {
  it.each<[string, string, unknown]>([
    ['caption a.png', 'strategy', undefined],
    ['caption a.png --strategy sample', 'strategy', 'sample'],
    ['caption a.png --beams 4', 'beams', 4],
    ['caption a.png --groups 2', 'groups', 2],
    ['caption a.png --diversity .5', 'diversity', 0.5],
    ['caption a.png --max-length 20', 'maxLength', 20],
    ['caption a.png --min-length=0', 'minLength', 0],
    ['caption a.png --length-penalty -1.5', 'lengthPenalty', -1.5],
    ['caption a.png --early-stopping', 'earlyStopping', true],
    ['caption a.png', 'earlyStopping', false],
    ['caption a.png --repetition-penalty 1.2', 'repetitionPenalty', 1.2],
    ['caption a.png --no-repeat-ngram 3', 'noRepeatNgram', 3],
    ['caption a.png --temperature 1e-1', 'temperature', 0.1],
    ['caption a.png --top-k 50', 'topK', 50],
    ['caption a.png --top-p 0.9', 'topP', 0.9],
    ['caption a.png --min-p 0.05', 'minP', 0.05],
    ['caption a.png --num 3', 'num', 3],
    ['caption a.png --prompt a', 'prompt', 'a'],
    ['caption a.png --logprobs', 'logprobs', 0],
    ['caption a.png --logprobs 5', 'logprobs', 5],
    ['caption --logprobs a.png', 'logprobs', 0],
    ['caption a.png --batch 8', 'batch', 8],
    ['caption a.png', 'batch', 1],
    ['caption --files list --files -', 'files', ['list', '-']],
    ['caption --files0 -', 'files0', ['-']],
    ['caption a.png --model dir', 'model', 'dir'],
    ['caption a.png -m dir', 'model', 'dir'],
    ['caption a.png', 'model', undefined],
    ['caption a.png --device cpu', 'device', 'cpu'],
    ['caption a.png --device cuda:1', 'device', 'cuda:1'],
    ['caption a.png --device=dml:0', 'device', 'dml:0'],
    ['caption a.png', 'device', 'auto'],
    ['caption a.png --engine onnx', 'engine', 'onnx'],
    ['caption a.png --seed 7', 'seed', 7],
    ['caption a.png --images none', 'images', 'none'],
    ['caption a.png --jsonl', 'jsonl', true],
    ['--json caption a.png', 'json', true],
    ['caption a.png -q', 'quiet', true],
    ['rank a.png x y --by both', 'by', 'both'],
    ['rank -i a.png -i b.png x', 'image', ['a.png', 'b.png']],
    ['rank a.png --captions -', 'captions', ['-']],
    ['rank a.png x', 'softmax', true],
    ['rank a.png x --no-softmax', 'softmax', false],
    ['rank a.png x --softmax', 'softmax', true],
    ['rank a.png x', 'template', '{}'],
    ['rank a.png x --min-score -0.1', 'minScore', -0.1],
    ['rank a.png x --top 3', 'top', 3],
    ['embed --text one two --json', 'text', ['one', 'two']],
    ['embed --text one --text two', 'text', ['one', 'two']],
    ['init coca_base dir --dtype F16', 'dtype', 'F16'],
    ['init coca_base dir', 'seed', 0],
  ])('%s: %s', (line, name, value) => {
    expect(run(line).invocation.options[name]).toEqual(value);
  });

  it.each<[string, string[]]>([
    ['caption a.png b.png', ['a.png', 'b.png']],
    ['caption -', ['-']],
    ['caption --logprobs a.png', ['a.png']],
    ['caption -- -x.png --json', ['-x.png', '--json']],
    ['caption', []],
    ['rank a.png x y', ['a.png', 'x', 'y']],
    ['embed a.png --text x', ['a.png']],
    ['init coca_base dir', ['coca_base', 'dir']],
  ])('%s takes the arguments %j', (line, args) => {
    expect(run(line).invocation.args).toEqual(args);
  });

  it('knows what was typed', () => {
    expect([...run('caption a.png --beams 6 --json').invocation.typed].sort()).toEqual(['beams', 'json']);
  });
});

describe('verbs', () => {
  it.each([
    ['models', 'models', []],
    ['models list', 'models list', []],
    ['models pull a b', 'models pull', ['a', 'b']],
    ['models --json pull a -q', 'models pull', ['a']],
  ])('%s', (line, name, args) => {
    const request = parse(line);
    expect(request).toMatchObject({ kind: 'run', command: { name }, invocation: { args } });
  });

  it('have a help of their own', () => {
    expect(parse('models pull --help')).toMatchObject({ kind: 'help', command: { name: 'models pull' } });
    expect(parse('help models pull')).toMatchObject({ kind: 'help', command: { name: 'models pull' } });
    expect(parse('models --help')).toMatchObject({ kind: 'help', command: { name: 'models' } });
  });

  it.each([
    ['models pul x', /no 'pul'/],
    ['help models pul', /no 'pul'/],
    ['help models pull x', /too many/],
    ['help caption x', /too many/],
    ['models list --seed 1', /no use for --seed/],
  ])('%s is refused', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });
});

describe('no command: a session', () => {
  it.each<[string, Record<string, unknown>]>([
    ['', {}],
    ['--model m --seed 3', { model: 'm', seed: 3 }],
  ])('%j', (line, options) => {
    const { command, invocation } = run(line);
    expect(command.name).toBe('repl');
    expect(invocation.args).toEqual([]);
    expect(invocation.options).toMatchObject(options);
  });
});

describe('other words for a command', () => {
  it.each([
    ['models ls', 'models list'],
    ['list', 'models list'],
    ['--json list', 'models list'],
    ['models rm a', 'models remove'],
    ['pull a', 'models pull'],
    ['models', 'models'],
  ])('%s is %s', (line, name) => {
    expect(run(line).command.name).toBe(name);
  });

  it('are no words elsewhere', () => {
    expect(failure('ls').message).toBe("unknown command 'ls'");
    expect(run('caption list').invocation.args).toEqual(['list']);
    // The value of an option is none, either.
    expect(run('--model list caption a.png').invocation).toMatchObject({ args: ['a.png'], options: { model: 'list' } });
    expect(run('-m pull caption a.png').invocation.options.model).toBe('pull');
  });
});

describe('help and version', () => {
  it.each<[string, string | undefined]>([
    ['--help', undefined],
    ['-h', undefined],
    ['help', undefined],
    ['help caption', 'caption'],
    ['caption --help', 'caption'],
    ['rank a.png -h', 'rank'],
  ])('%j shows help', (line, name) => {
    const request = parse(line);
    expect(request.kind).toBe('help');
    expect(request.kind === 'help' && request.command?.name).toBe(name);
  });

  it.each(['--version', '-V', '-v', 'version', 'caption --version', 'caption a.png -V'])('%s', (line) => {
    expect(parse(line)).toEqual({ kind: 'version' });
  });
});

describe('wrong usage', () => {
  it.each<[string, RegExp, RegExp]>([
    ['captoin a.png', /unknown command (or topic )?'captoin'/, /did you mean caption\?/],
    ['cap', /unknown command 'cap'/, /did you mean caption\?/],
    ['xyzzy', /unknown command 'xyzzy'/, /coca --help/],
    ['orchestrate', /unknown command 'orchestrate'/, /coca --help/],
    ['help captoin', /unknown command (or topic )?'captoin'/, /did you mean caption\?/],
    ['caption a.png --beem 3', /unknown option '--beem'/, /did you mean --beams\?/],
    ['caption a.png --tpo-k', /unknown option '--tpo-k'/, /did you mean --top-k\?/],
    ['caption a.png --jsno', /unknown option '--jsno'/, /did you mean --json\?/],
    ['caption a.png --template x', /unknown option '--template'/, /coca rank has it/],
    ['--beams 3 caption a.png', /unknown option '--beams'/, /coca caption stand after its name/],
    ['caption a.png --frobnicate', /unknown option '--frobnicate'/, /coca caption --help/],
    ['caption a.png --strategy bean', /--strategy takes beam, greedy or sample, not 'bean'/, /did you mean beam\?/],
    ['caption a.png --device gpu', /--device takes .* not 'gpu'/, /./],
    [
      'caption a.png --device webgpu:1',
      /--device takes auto, cpu, cuda\[:N\], .* not 'webgpu:1'/,
      /webgpu takes no number/,
    ],
    ['caption a.png --device auto:0', /not 'auto:0'/, /auto takes no number/],
    ['caption a.png --device cuda:', /not 'cuda:'/, /a whole number, from 0/],
    ['caption a.png --device cuda:-1', /not 'cuda:-1'/, /a whole number, from 0/],
    ['caption a.png --device cuda:01', /not 'cuda:01'/, /a whole number, from 0/],
    ['caption a.png --device cuda:0,1', /not 'cuda:0,1'/, /a whole number, from 0/],
    ['caption a.png --device cuda:9999999999', /not 'cuda:9999999999'/, /a whole number, from 0/],
    ['caption a.png --device cuad:1', /not 'cuad:1'/, /did you mean cuda/],
    ['caption a.png --strategy beam:1', /--strategy takes beam, greedy or sample, not 'beam:1'/, /did you mean beam/],
    ['caption a.png --engine torch', /--engine takes onnx or tfjs, not 'torch'/, /./],
    ['caption a.png --beams six', /--beams takes a whole number, not 'six'/, /./],
    ['caption a.png --beams 2.5', /--beams takes a whole number, not '2.5'/, /./],
    ['caption a.png --beams 0x10', /--beams takes a whole number/, /./],
    ['caption a.png --top-p NaN', /--top-p takes a number, not 'NaN'/, /./],
    ['caption a.png --beams 0', /--beams must be at least 1, not 0/, /./],
    ['caption a.png --batch 1000', /--batch must be between 1 and 256, not 1000/, /./],
    ['caption a.png --seed -1', /--seed must be between 0 and 4294967295/, /./],
    ['caption a.png --beams', /--beams needs a value: --beams N/, /./],
    ['caption a.png --json --jsonl', /exclude each other/, /./],
    ['init coca_base', /FOLDER is missing/, /coca init --help/],
    ['init coca_base dir more', /too many arguments for coca init/, /coca init --help/],
    ['init coca_base dir --device cpu', /coca init has no use for --device/, /coca init --help/],
    ['embed a.png --seed 3', /coca embed has no use for --seed/, /./],
    ['--json', /coca repl has no use for --json/, /./],
    ['photo.jpg', /unknown command 'photo.jpg'/, /coca caption photo.jpg, or coca repl photo.jpg/],
  ])('%s', (line, message, hint) => {
    const error = failure(line);
    expect(error.code).toBe('usage');
    expect(error.message).toMatch(message);
    expect(error.hint ?? '.').toMatch(hint);
  });
});
