import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Output, ReaderGone } from '../../src/cli/output.js';
import { objectWriter } from '../../src/commands/io/results.js';
import { CocaError } from '../../src/model/base/errors.js';
import { durationText, progressText, statusLine } from '../../src/ui/status.js';

function collector(): { out: Output; text: () => string } {
  let text = '';
  const out = new Output(async (bytes) => {
    text += bytes.toString();
  });
  return { out, text: () => text };
}

const failing = (code: string): Output =>
  new Output(async () => {
    throw Object.assign(new Error(`write ${code}`), { code });
  });

describe('Output', () => {
  it('writes in order, each after the one before has left', async () => {
    const order: string[] = [];
    const out = new Output(async (bytes) => {
      order.push(`< ${bytes}`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`> ${bytes}`);
    });
    void out.write('a');
    void out.line('b');
    await out.flush();
    expect(order).toEqual(['< a', '> a', '< b\n', '> b\n']);
  });

  it('tells a reader that left from a disk that is full', async () => {
    await expect(failing('EPIPE').write('x')).rejects.toBeInstanceOf(ReaderGone);
    const full = failing('ENOSPC').write('x');
    await expect(full).rejects.toBeInstanceOf(CocaError);
    await expect(full).rejects.toMatchObject({ code: 'write-failed', message: /no space left/ });
  });

  it('lets others make room before each write', async () => {
    const { out, text } = collector();
    let calls = 0;
    out.beforeWrite(() => calls++);
    await out.write('a');
    await out.write('b');
    expect([calls, text()]).toEqual([2, 'ab']);
  });
});

describe('objectWriter', () => {
  it.each<['json' | 'jsonl', object[], string]>([
    ['json', [], '[]\n'],
    ['json', [{ a: 1 }], '[\n{"a":1}\n]\n'],
    ['json', [{ a: 1 }, { b: '\u009b' }], '[\n{"a":1},\n{"b":"\\u009b"}\n]\n'],
    ['jsonl', [], ''],
    ['jsonl', [{ a: 1 }, { b: 2 }], '{"a":1}\n{"b":2}\n'],
  ])('%s of %j', async (format, objects, expected) => {
    const { out, text } = collector();
    const writer = objectWriter(out, format);
    for (const object of objects) await writer.write(object);
    await writer.end();
    expect(text()).toBe(expected);
    if (format === 'json') expect(JSON.parse(text())).toEqual(objects);
  });
});

describe('statusLine', () => {
  function terminal(columns: number): { stream: Writable & { columns: number }; text: () => string } {
    let text = '';
    const stream = new Writable({
      write(chunk, _, done) {
        text += String(chunk);
        done();
      },
    });
    return { stream: Object.assign(stream, { columns }), text: () => text };
  }

  it('keeps to one line and removes it', () => {
    const { stream, text } = terminal(10);
    const status = statusLine(stream, true);
    status.show('a text that is too long');
    status.clear();
    status.clear();
    expect(text()).toBe('\r\u001b[2Ka text th\r\u001b[2K');
  });

  it('writes nothing where there is no terminal', () => {
    const { stream, text } = terminal(80);
    const status = statusLine(stream, false);
    status.show('x');
    status.show(() => {
      throw new Error('made for nothing');
    });
    status.clear();
    expect(text()).toBe('');
  });
});

describe('progress in words', () => {
  it.each<[number, number | undefined, number, string]>([
    [0, 10, 500, '0/10'],
    [5, 10, 1000, '5/10 · 5.0/s · 1 s left'],
    [2, 4000, 10_000, '2/4000 · 5.0 s each · 5 h 33 min left'],
    [5, undefined, 1000, '5 · 5.0/s'],
    [10, 10, 1000, '10/10 · 10.0/s'],
  ])('%i of %s after %i ms', (done, total, ms, text) => {
    expect(progressText(done, total, ms)).toBe(text);
  });

  it('counts the speed without what an earlier run has done', () => {
    expect(progressText(95, 100, 1000, 90)).toBe('95/100 · 5.0/s · 1 s left');
    expect(progressText(90, 100, 1000, 90)).toBe('90/100');
  });

  it.each<[number, string]>([
    [0.2, '0 s'],
    [59.4, '59 s'],
    [106, '1 min 46 s'],
    [7500, '2 h 5 min'],
  ])('%f s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });
});
