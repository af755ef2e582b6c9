import { describe, expect, it } from 'vitest';
import { coca, shell } from '../support/cli.js';
import { fixture } from '../support/golden.js';

const BOOK = fixture('scenes/0001.png');

describe('errors', () => {
  it('are clean lines, with a stack only for those who ask', async () => {
    const clean = await coca(['caption', BOOK, '--model', '/nowhere']);
    expect(clean.code).toBe(2);
    expect(clean.stderr).toMatch(/^coca: .*\n( {6}.*\n)?$/);
    const debug = await coca(['caption', BOOK, '--model', '/nowhere'], { env: { COCA_DEBUG: '1' } });
    expect(debug.code).toBe(2);
    expect(debug.stderr).toMatch(/\n {4}at .*:\d+:\d+/);
  });

  it('of a text of any length fit a line', async () => {
    const { code, stdout, stderr } = await coca(['embed', '--text', 'x'.repeat(100_000), '-q', '--jsonl', '--strict']);
    expect(code).toBe(2);
    expect(stderr.length).toBeLessThan(400);
    const object = JSON.parse(stdout);
    expect(object.text).toHaveLength(100_000);
    expect(object.error.code).toBe('bad-text');
  });

  it('of a caption stand beside the results of the others', async () => {
    const { code, stdout } = await coca(['rank', BOOK, 'a book', 'book '.repeat(100), '-q', '--json', '--strict']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
      { caption: 'book '.repeat(100), error: { code: 'bad-text', message: expect.any(String) } },
      { image: BOOK, by: 'contrastive', results: [expect.objectContaining({ caption: 'a book', rank: 1 })] },
    ]);
  });
});

describe('plain lines', () => {
  it('are coloured only by force', async () => {
    // Of several captions some have words that the model doubts.
    const line = ['caption', BOOK, '-q', '--num', '6'];
    const forced = await coca(line, { env: { FORCE_COLOR: '3' } });
    expect(forced.stdout).toContain('\u001b[48;2;');
    const env = { FORCE_COLOR: undefined, COLORTERM: 'truecolor', TERM: 'xterm' };
    expect((await coca(line, { env })).stdout).not.toContain('\u001b');
  });

  it('give alternatives best first, a line each', async () => {
    const { stdout } = await coca(['caption', BOOK, '-q', '--num', '3']);
    expect(stdout.split('\n')).toEqual([
      'a small book on a pink background',
      expect.stringContaining('a '),
      expect.stringContaining('a '),
      '',
    ]);
  });

  it('cannot show token probabilities, and say so', async () => {
    const { code, stdout, stderr } = await coca(['caption', BOOK, '--logprobs', '2']);
    expect([code, stdout]).toEqual([0, 'a small book on a pink background\n']);
    expect(stderr).toContain('--logprobs shows on a terminal, or with --json or --jsonl');
  });
});

describe('rank', () => {
  it.each<[string[], RegExp]>([
    [['--by', 'contrastive'], /^0\.\d{6}\t[\d.e+-]+\ta book$/],
    [['--by', 'caption'], /^-\d\.\d{6}\t[\d.e+-]+\ta book$/],
    [['--no-softmax'], /^0\.\d{6}\t-\ta book$/],
    [['--template', 'on a table: {}'], /\ta book$/],
  ])('%j prints score, probability and caption', async (options, line) => {
    const { stdout } = await coca(['rank', BOOK, 'two dogs', 'a book', '--top', '1', '-q', ...options]);
    expect(stdout.trimEnd()).toMatch(line);
  });

  it('names the picture where there may be several', async () => {
    const { stdout } = await coca(['rank', '-i', `${BOOK.slice(0, -5)}?.png`, 'a book', '--top', '1', '-q']);
    const names = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t')[0]);
    expect(names[0]).toBe(BOOK);
    expect(names).toHaveLength(9);
  });
});

describe('an interrupted array', () => {
  it('is still JSON', async () => {
    const { stdout } = await shell(
      `list=$(mktemp); for i in $(seq 5000); do echo "${BOOK}"; done > "$list"; out=$(mktemp)
       node "$CLI" caption --files "$list" -q --json > "$out" & pid=$!
       until [ "$(wc -l < "$out")" -ge 3 ]; do sleep 0.05; done
       kill -s INT $pid; wait $pid; echo "$?"; cat "$out"; rm "$list" "$out"`,
      { env: { CLI: fixture('../dist/cli.js') } },
    );
    const [code, ...rest] = stdout.split('\n');
    expect(code).toBe('130');
    expect(JSON.parse(rest.join('\n')).length).toBeGreaterThanOrEqual(2);
  });
});
