import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Voice } from '../../src/cli/voice.js';
import { hanging } from '../../src/ui/layout.js';

/** What is written to a stream: a terminal of so many columns, or a pipe. */
function stream(columns?: number): { stream: NodeJS.WriteStream; text: () => string } {
  let text = '';
  const writable = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  const how = columns === undefined ? {} : { isTTY: true, columns };
  return { stream: Object.assign(writable, how) as unknown as NodeJS.WriteStream, text: () => text };
}

const TEXT = fc
  .array(fc.oneof(fc.string({ maxLength: 9 }), fc.constantFrom('/a/path', '犬がいる', 'é', '👩‍👩‍👧', '🇩🇪')), {
    maxLength: 8,
  })
  .map((words) => words.join(' ').replace(/\p{C}/gu, ''));

describe('what is said to a person', () => {
  it('comes in its order and broken by columns, whatever has to be loaded for that', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(TEXT, { maxLength: 5 }), fc.integer({ min: 8, max: 60 }), async (texts, columns) => {
        const { stream: terminal, text } = stream(columns);
        const voice = new Voice(terminal);
        for (const said of texts) voice.say('coca: ', said);
        await voice.done();
        const lines = texts.flatMap((said) => hanging(`coca: ${said}`, columns, 6));
        expect(text()).toBe(lines.map((line) => `${line}\n`).join(''));
      }),
    );
  });

  it('is one line each in a pipe, at once', () => {
    const { stream: pipe, text } = stream();
    const long = '犬がいる '.repeat(30).trim();
    new Voice(pipe).say('coca: ', long);
    expect(text()).toBe(`coca: ${long}\n`);
  });

  it('of plain characters is there at once on a terminal, after what has to be done first', () => {
    const { stream: terminal, text } = stream(12);
    new Voice(terminal).say('coca: ', 'one two three', () => terminal.write('[gone]'));
    expect(text()).toBe('[gone]coca: one\n      two\n      three\n');
  });

  it('has lines as they are among the others, in order, on a narrow terminal too', async () => {
    const { stream: terminal, text } = stream(12);
    const voice = new Voice(terminal);
    const stack = 'Error: what it was\n    at where it was (file:1:2)';
    voice.print(stack);
    voice.say('coca: ', '犬がいる 犬がいる');
    voice.print(stack);
    voice.say('', 'plain');
    await voice.done();
    expect(text()).toBe(`${stack}\ncoca:\n      犬がいる\n      犬がいる\n${stack}\nplain\n`);
  });
});
