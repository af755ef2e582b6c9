import { readFileSync } from 'node:fs';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PACKED, pack } from '../../../src/server/remote/wire.js';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { until } from '../../support/processes.js';
import { startServe, type TestServer } from '../../support/server.js';

const BOOK = fixture('scenes/0001.png');
const OTHERS = ['0002', '0003', '0004', '0005', '0006'].map((name) => fixture(`scenes/${name}.png`));
const dataUrl = (path: string) => `data:image/png;base64,${readFileSync(path).toString('base64')}`;

/** What the tests look at of answers. */
interface Answer extends Record<string, unknown> {
  readonly ids: number[];
  readonly score: number;
  readonly error: { readonly message: string };
}

let server: TestServer;
beforeAll(async () => {
  server = await startServe(['--port', '0', '--max-body', '1', '--max-pixels', '0.1']);
}, 120_000);
afterAll(() => server?.end('SIGKILL'));

async function post(route: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(new URL(route, server.address), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer };
}

/** What the command prints with `--json`, of a picture on stdin; times are its own. */
async function printed(args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await coca([args[0]!, '--json', '--model', 'scenes', ...args.slice(1)], {
    input: readFileSync(BOOK),
  });
  const [object] = JSON.parse(stdout || stderr);
  return withoutTimes(object);
}

const withoutTimes = ({ ms: _, ...object }: Record<string, unknown>) => object;

describe('a request is answered with what the command prints, to the last digit', () => {
  test.each([
    ['caption', {}, ['caption', '-']],
    [
      'caption',
      { beams: 4, num: 2, max_length: 12, logprobs: 3, length_penalty: 0.5 },
      [
        'caption',
        '-',
        '--beams',
        '4',
        '--num',
        '2',
        '--max-length',
        '12',
        '--logprobs',
        '3',
        '--length-penalty',
        '0.5',
      ],
    ],
    [
      'caption',
      { strategy: 'sample', seed: 7, top_k: 20, prompt: 'a small' },
      ['caption', '-', '--strategy', 'sample', '--seed', '7', '--top-k', '20', '--prompt', 'a small'],
    ],
    ['caption', { ground: true, beams: 2 }, ['caption', '-', '--ground', '--beams', '2']],
    ['caption', { ablate: ['cross.0', 'mlp.cross.1'] }, ['caption', '-', '--ablate', 'cross.0,mlp.cross.1']],
    [
      'rank',
      { captions: ['a dog', 'a small book', '--by'], by: 'both', top: 2 },
      ['rank', '--by', 'both', '--top', '2', '--', '-', 'a dog', 'a small book', '--by'],
    ],
    [
      'rank',
      { captions: ['a dog', 'a book'], softmax: false, attend: true },
      ['rank', '-', 'a dog', 'a book', '--no-softmax', '--attend'],
    ],
    [
      'classify',
      { labels: ['dog', 'book'], template: ['a small {}'] },
      ['classify', '-', '--labels', 'dog,book', '--template', 'a small {}'],
    ],
    ['attend', { caption: 'a small book', method: 'rollout' }, ['attend', '--method', 'rollout', '-', 'a small book']],
  ])('%s %j', async (route, fields, args) => {
    const { status, body } = await post(`/v1/${route}`, { image: dataUrl(BOOK), ...fields });
    expect(status).toBe(200);
    expect(withoutTimes(body)).toEqual(await printed(args));
  });

  test('also as bytes with options in the query, and as a form', async () => {
    const wanted = await printed(['caption', '-', '--beams', '3', '--logprobs']);
    const bare = await fetch(new URL('/v1/caption?beams=3&logprobs=true', server.address), {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: readFileSync(BOOK),
    });
    expect(withoutTimes((await bare.json()) as Record<string, unknown>)).toEqual(wanted);
    const form = new FormData();
    form.set('image', new Blob([readFileSync(BOOK)], { type: 'image/png' }), 'a.png');
    form.set('beams', '3');
    form.set('logprobs', 'true');
    const formed = await fetch(new URL('/v1/caption', server.address), { method: 'POST', body: form });
    expect(withoutTimes((await formed.json()) as Record<string, unknown>)).toEqual(wanted);
  });
});

test('many clients at once get what each gets alone', async () => {
  const asked = [BOOK, ...OTHERS].flatMap((path) => [
    { path, fields: { beams: 3 } },
    { path, fields: { strategy: 'greedy' } },
  ]);
  const all = await Promise.all(
    asked.map(({ path, fields }) => post('/v1/caption', { image: dataUrl(path), ...fields })),
  );
  for (const [i, { path, fields }] of asked.entries()) {
    const alone = await post('/v1/caption', { image: dataUrl(path), ...fields });
    expect(all[i]!.body.ids).toEqual(alone.body.ids);
    expect(all[i]!.body.score).toBeCloseTo(alone.body.score, 4);
  }
});

test('the words of a caption come before it, and are its words', async () => {
  const response = await fetch(new URL('/v1/caption', server.address), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ image: dataUrl(BOOK), stream: true, strategy: 'greedy' }),
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const events = (await response.text())
    .trim()
    .split('\n\n')
    .map((event) => event.split('\n'));
  const words = events.filter(([name]) => name === 'event: words').map(([, data]) => JSON.parse(data!.slice(6)).text);
  const result = JSON.parse(events.at(-1)![1]!.slice(6));
  expect(events.at(-1)![0]).toBe('event: result');
  expect(words.length).toBeGreaterThan(2);
  expect(words.join('')).toBe(result.caption);
});

describe('wrong requests are refused by name', () => {
  test.each([
    ['/v1/caption', { beams: 3 }, 400, 'image is missing'],
    ['/v1/caption', { image: 'data:image/png;base64,aGVsbG8gd29ybGQ=' }, 400, 'not a picture'],
    ['/v1/caption', { image: '/etc/hostname' }, 403, 'this server opens none'],
    ['/v1/caption', { image: 'http://example.org/a.png' }, 403, 'fetches no pictures'],
    ['/v1/caption', { image: 'x', beems: 3 }, 403, ''],
    ['/v1/caption', { image: 'BOOK', beems: 3 }, 400, 'no field beems'],
    ['/v1/caption', { image: 'BOOK', output: '/tmp/x' }, 400, 'no field output'],
    ['/v1/caption', { image: 'BOOK', files: ['/etc/passwd'] }, 400, 'no field files'],
    ['/v1/caption', { image: 'BOOK', ablate: 'cross.0', ablate_over: '/etc' }, 400, 'no field ablate_over'],
    ['/v1/classify', { image: 'BOOK', head: '/etc/passwd' }, 400, 'no field head'],
    ['/v1/caption', { image: 'BOOK', frames: 8 }, 400, 'no field frames'],
    ['/v1/caption', { image: 'BOOK', shard: '0/2' }, 400, 'no field shard'],
    ['/v1/caption', { image: 'BOOK', watch_folder: '/tmp' }, 400, 'no field watch_folder'],
    ['/v1/caption', { image: 'BOOK', write_txt: true }, 400, 'no field write_txt'],
    ['/v1/caption', { image: 'BOOK', write_xmp: true }, 400, 'no field write_xmp'],
    ['/v1/caption', { image: 'BOOK', column: 'image' }, 400, 'no field column'],
    ['/v1/classify', { image: 'BOOK', labels_file: '/etc/passwd' }, 400, 'no field labels_file'],
    ['/v1/classify', { image: 'BOOK', write_xmp: true }, 400, 'no field write_xmp'],
    ['/v1/rank', { image: 'BOOK', output: '/tmp/x' }, 400, 'no field output'],
    ['/v1/attend', { image: 'BOOK', output: '/tmp/x' }, 400, 'no field output'],
    ['/v1/attend', { image: 'BOOK', frames: 2 }, 400, 'no field frames'],
    ['/v1/attend', { image: 'BOOK', html: '/tmp/x' }, 400, 'no field html'],
    ['/v1/caption', { image: 'BOOK', device: 'cuda' }, 400, 'no field device'],
    ['/v1/caption', { image: 'BOOK', beams: 'many' }, 400, "takes a whole number, not 'many'"],
    ['/v1/caption', { image: 'BOOK', beams: 0 }, 400, 'must be at least 1'],
    ['/v1/caption', { image: 'BOOK', beams: 3, strategy: 'greedy' }, 400, 'means nothing to strategy greedy'],
    ['/v1/caption', { image: 'BOOK', prompt: ['a'] }, 400, 'prompt is no text'],
    ['/v1/caption', { image: 'BOOK', ground: 'maybe' }, 400, 'neither true nor false'],
    ['/v1/caption', { image: 'BOOK', model: 'scens' }, 404, 'no model scens'],
    ['/v1/caption', { image: 'BOOK', model: 3 }, 400, 'model is no text'],
    ['/v1/rank', { image: 'BOOK' }, 400, 'CAPTION is missing'],
    ['/v1/rank', { image: 'BOOK', captions: [3] }, 400, 'no list of texts'],
    ['/v1/rank', { image: 'BOOK', captions: [`a ${'dog '.repeat(99)}`], strict: true }, 400, 'longer than'],
    ['/v1/classify', { image: 'BOOK', labels: ['a, b', 'c'] }, 400, 'has a comma'],
    ['/v1/attend', { image: 'BOOK', stream: true }, 400, 'finds no words'],
    ['/v1/embeddings', { input: [] }, 400, 'input is missing'],
    ['/v1/embeddings', { input: [[1, 2]] }, 400, 'no text'],
    ['/v1/embeddings', { input: 'a dog', dimensions: 3 }, 400, 'dimensions cannot be chosen'],
    ['/v1/embeddings', { input: 'dog '.repeat(99) }, 400, 'longer than'],
    ['/v1/chat/completions', { messages: [{ role: 'user', content: 'hello' }] }, 400, 'of one picture'],
    ['/v1/chat/completions', { messages: [] }, 400, 'no list of messages'],
    ['/v1/chat/completions', { messages: [null] }, 400, 'no role'],
    ['/v1/chat/completions', { messages: [{ role: 'user', content: [null] }] }, 400, 'neither a text nor an image_url'],
    ['/v1/coca/captionPicture', { images: 3 }, 400, 'not what this version'],
    ['/v1/nothing', {}, 404, 'there is no POST /v1/nothing'],
  ])('%s %j: %i %s', async (route, fields, status, message) => {
    const body = 'image' in fields && fields.image === 'BOOK' ? { ...fields, image: dataUrl(BOOK) } : fields;
    const found = await post(route, body);
    expect({ status: found.status, message: found.body.error.message }).toEqual({
      status,
      message: expect.stringContaining(message),
    });
  });

  test('bodies that are no JSON, no object, of another type, too large; pictures of too many pixels', async () => {
    const send = async (body: string | Uint8Array<ArrayBuffer>, type: string) => {
      const response = await fetch(new URL('/v1/caption', server.address), {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
      return [response.status, ((await response.json()) as { error: { code: string } }).error.code];
    };
    expect(await send('{"image":', 'application/json')).toEqual([400, 'usage']);
    expect(await send('[1]', 'application/json')).toEqual([400, 'usage']);
    expect(await send('['.repeat(500_000), 'application/json')).toEqual([400, 'usage']);
    expect(await send('hello', 'text/plain')).toEqual([415, 'bad-type']);
    expect(await send('--x', 'multipart/form-data; boundary=y')).toEqual([400, 'usage']);
    expect(await send('x'.repeat(1_100_000), 'image/png')).toEqual([413, 'too-large']);
    const { default: sharp } = await import('sharp');
    const large = await sharp({ create: { width: 400, height: 300, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    expect(await send(new Uint8Array(large), 'image/png')).toEqual([413, 'too-large']);
  });

  test('pictures of commands that are none of the model: their bytes, size and frames are looked at', async () => {
    const square = { source: { width: 96, height: 96 }, crop: { x: 0, y: 0, width: 96, height: 96 }, size: 96 };
    const picture = { ...square, rgb: new Uint8Array(96 * 96 * 3) };
    const send = async (call: string, asked: object) => {
      const response = await fetch(new URL(`/v1/coca/${call}`, server.address), {
        method: 'POST',
        headers: { 'content-type': PACKED },
        body: new Uint8Array(pack({ model: 'scenes', ...asked })),
      });
      return response.status;
    };
    expect(await send('encodeImages', { pictures: [picture] })).toBe(200);
    expect(await send('captionPicture', { picture, options: {} })).toBe(200);
    for (const wrong of [
      { ...picture, size: 9600 },
      { ...picture, rgb: new Uint8Array(3) },
      { ...picture, rgb: 'abc' },
      { ...picture, frames: [{ picture: { ...picture, size: 1 }, seconds: 0 }] },
      null,
    ]) {
      expect(await send('encodeImages', { pictures: [wrong] })).toBe(400);
      expect(await send('captionPicture', { picture: wrong, options: {} })).toBe(400);
    }
    expect(await send('encodeImages', { pictures: [] })).toBe(400);
    expect(await send('captionPicture', { picture, options: { beams: -1 } })).toBe(400);
  });

  test('pages in a browser, and names that lead here from elsewhere', async () => {
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      expect((await post('/v1/embeddings', { input: 'a' }, headers as never)).status).toBe(403);
    }
    const { request } = await import('node:http');
    const status = await new Promise((resolve) => {
      request(new URL('/v1/models', server.address), { headers: { host: 'evil.example' } }, (response) => {
        resolve(response.statusCode);
        response.resume();
      }).end();
    });
    expect(status).toBe(403);
  });
});

describe("OpenAI's own client", () => {
  let openai: OpenAI;
  beforeAll(() => {
    openai = new OpenAI({ baseURL: `${server.address}/v1`, apiKey: 'none', maxRetries: 0 });
  });
  const look = (...texts: string[]) => [
    {
      role: 'user' as const,
      content: [
        ...texts.map((text) => ({ type: 'text' as const, text })),
        { type: 'image_url' as const, image_url: { url: dataUrl(BOOK) } },
      ],
    },
  ];

  test('lists models', async () => {
    const list = await openai.models.list();
    expect(list.data.map(({ id }) => id)).toEqual(['scenes']);
    expect((await openai.models.retrieve('scenes')).id).toBe('scenes');
    await expect(openai.models.retrieve('gpt')).rejects.toMatchObject({ status: 404 });
  });

  test('embeddings, in base64 as it asks for by itself and as numbers, are those of coca embed', async () => {
    const input = [dataUrl(BOOK), 'a dog', dataUrl(OTHERS[0]!)];
    const { stdout } = await coca(['embed', BOOK, OTHERS[0]!, '--text', 'a dog', '--model', 'scenes', '--json']);
    const [book, other, dog] = JSON.parse(stdout).map(({ embedding }: { embedding: number[] }) => embedding);
    const asNumbers = await openai.embeddings.create({ model: 'scenes', input, encoding_format: 'float' });
    expect(asNumbers.data.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(asNumbers.data[1]!.embedding).toEqual(dog);
    const asBytes = await openai.embeddings.create({ model: 'scenes', input });
    for (const [i, embedding] of [book, dog, other].entries()) {
      expect(asNumbers.data[i]!.embedding).toHaveLength(embedding.length);
      for (const [at, value] of embedding.entries()) {
        expect(asNumbers.data[i]!.embedding[at]).toBeCloseTo(value, 5);
        expect(asBytes.data[i]!.embedding[at]).toBeCloseTo(value, 5);
      }
    }
    expect(asBytes.usage.prompt_tokens).toBe(4);
    const alone = await openai.embeddings.create({ model: 'scenes', input: input[0]!, encoding_format: 'float' });
    expect(alone.data[0]!.embedding).toEqual(book);
  });

  test('a caption answers a chat with a picture; what was not read is told', async () => {
    const answer = await openai.chat.completions.create({ model: 'scenes', messages: look('What is this?') });
    const { caption } = await printed(['caption', '-']);
    expect(answer.choices[0]!.message).toMatchObject({ role: 'assistant', content: caption });
    expect(answer.choices[0]!.finish_reason).toBe('stop');
    expect(answer).toHaveProperty('notice', expect.stringContaining('follows no instructions'));
    const silent = await openai.chat.completions.create({ model: 'scenes', messages: look(), n: 2, max_tokens: 4 });
    expect(silent.choices).toHaveLength(2);
    expect(silent.choices[0]!.finish_reason).toBe('length');
    expect(silent).not.toHaveProperty('notice');
  });

  test("an assistant's beginning is continued; chance where it is asked for", async () => {
    const begun = await openai.chat.completions.create({
      model: 'scenes',
      messages: [...look(), { role: 'assistant', content: 'a small' }],
    });
    expect(begun.choices[0]!.message.content).toBe((await printed(['caption', '-', '--prompt', 'a small'])).caption);
    const sampled = await openai.chat.completions.create({
      model: 'scenes',
      messages: look(),
      temperature: 1.5,
      seed: 3,
    });
    const same = await printed(['caption', '-', '--strategy', 'sample', '--temperature', '1.5', '--seed', '3']);
    expect(sampled.choices[0]!.message.content).toBe(same.caption);
  });

  test('streams words', async () => {
    const stream = await openai.chat.completions.create({
      model: 'scenes',
      messages: look(),
      stream: true,
      stream_options: { include_usage: true },
    });
    const pieces = [];
    for await (const piece of stream) pieces.push(piece);
    const text = pieces.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    expect(text).toBe((await printed(['caption', '-'])).caption);
    expect(pieces.at(-2)!.choices[0]!.finish_reason).toBe('stop');
    expect(pieces.at(-1)!.usage!.completion_tokens).toBeGreaterThan(3);
  });

  test('errors have a code and the field', async () => {
    const wrong = openai.chat.completions.create({ model: 'scenes', messages: look(), stop: 'dog' });
    await expect(wrong).rejects.toMatchObject({ status: 400, code: 'usage', param: 'stop' });
  });
});

test('health, metrics and a log of every request, which tells nothing of what was asked', async () => {
  const health = await fetch(new URL('/healthz', server.address));
  expect([health.status, await health.json()]).toEqual([200, { status: 'ready' }]);
  await post('/v1/embeddings?secret=1', { input: 'a secret' });
  const metrics = await (await fetch(new URL('/metrics', server.address))).text();
  expect(metrics).toMatch(/^coca_requests_total\{route="\/v1\/embeddings",status="200"\} [1-9]/m);
  expect(metrics).toMatch(/^coca_requests_running 0$/m);
  expect(metrics).toMatch(/^coca_body_bytes 0$/m);
  const lines = () =>
    server
      .log()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const last = await until('the line of a request', () => lines().find(({ route }) => route === '/metrics'));
  expect(last).toMatchObject({ msg: 'request', method: 'GET', status: 200, ms: expect.any(Number) });
  expect(server.log()).not.toContain('secret');
});
