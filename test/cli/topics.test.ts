import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { TOPICS, topicOf, topicText } from '../../src/cli/topics.js';
import { COMMANDS } from '../../src/commands/index.js';
import { widthOf } from '../../src/ui/layout.js';
import { coca } from '../support/cli.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => readFileSync(join(ROOT, 'src', name), 'utf8'));

const READER = { interactive: true, columns: 80, colors: 'none' } as const;

describe('the documents', () => {
  test('are those in docs, each a topic', () => {
    const documents = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
    expect(
      Object.keys(TOPICS)
        .map((name) => `${name}.md`)
        .sort(),
    ).toEqual(documents.sort());
  });

  test('come with the package, as does every document that the program names', async () => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const { stdout } = await promisify(execFile)('npm', args, { cwd: ROOT });
    const packed = new Set((JSON.parse(stdout)[0].files as { path: string }[]).map(({ path }) => path));
    for (const topic of Object.keys(TOPICS)) expect(packed).toContain(`docs/${topic}.md`);
    const named = SOURCES.flatMap((text) => [...text.matchAll(/(?<![\w/.])docs\/[\w-]+\.\w+/g)].map(([name]) => name));
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect(packed).toContain(name);
  });

  test('what messages say of coca help can be typed', () => {
    const named = SOURCES.flatMap((text) => [...text.matchAll(/coca help ([a-z.]+)/g)].map(([, word]) => word!));
    const known = named.filter((word) => !['explains', 'lists', 'prints'].includes(word));
    expect(known).toContain('engines');
    for (const word of known) {
      expect(topicOf(word) ?? COMMANDS.find(({ name }) => name === word)?.name, word).toBeDefined();
    }
  });
});

describe('coca help TOPIC', () => {
  test('prints the document as it is', async () => {
    const { code, stdout, stderr } = await coca(['help', 'engines']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(readFileSync(join(ROOT, 'docs/engines.md'), 'utf8'));
  });

  test('a command comes before a topic of its name, whose file tells it', async () => {
    expect((await coca(['help', 'step'])).stdout).toMatch(/^coca step: /);
    for (const word of ['step.md', 'docs/step.md']) {
      expect((await coca(['help', word])).stdout).toBe(readFileSync(join(ROOT, 'docs/step.md'), 'utf8'));
    }
  });

  test('all are listed; of others, a guess', async () => {
    const { stdout } = await coca(['help']);
    for (const topic of Object.keys(TOPICS)) expect(stdout).toMatch(new RegExp(`^ {2}help ${topic}(\\.md)? `, 'm'));
    expect(await coca(['help', 'enginez'])).toMatchObject({ code: 64, stderr: expect.stringContaining('engines?') });
    expect(await coca(['help', 'zzzzz'])).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('help lists both'),
    });
  });

  test('in a session, too', async () => {
    const { stdout } = await coca(['repl', '-q'], { input: 'help engines\n' });
    expect(stdout).toBe(readFileSync(join(ROOT, 'docs/engines.md'), 'utf8'));
  });

  test('for a person: prose broken at words, tables and code as they are', async () => {
    const lines = (await topicText('engines', { ...READER, columns: 60 })).split('\n');
    let isCode = false;
    for (const line of lines) {
      if (line.startsWith('```')) isCode = !isCode;
      const isKept = isCode || /^(\||#| {4}|```)/.test(line) || !line.replace(/^[ -]*/, '').includes(' ');
      if (!isKept) expect(widthOf(line), line).toBeLessThanOrEqual(60);
    }
    const squeezed = (text: string) => text.replace(/\s+/g, ' ');
    expect(squeezed(lines.join('\n'))).toBe(squeezed(await topicText('engines', { ...READER, interactive: false })));
  });
});
