import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type CliResult, coca } from '../support/cli.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = readFileSync(`${ROOT}docs/exploring.md`, 'utf8');

/** The commands of the page, as a shell would split them: words, some in double quotes. */
const COMMANDS = [...PAGE.matchAll(/^coca (.+)$/gm)].map(([, line]) =>
  [...line!.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!),
);

const fields = (stdout: string): string[][] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));

/** What the page says of an answer, by the words that its command begins with. */
const SAID: readonly (readonly [command: string, check: (answer: CliResult, args: readonly string[]) => void])[] = [
  ['caption fixtures/scenes/0007.png --num', ({ stdout }) => expect(fields(stdout)).toHaveLength(3)],
  ['caption fixtures/scenes/0007.png --ablate', ({ stdout }) => expect(stdout.trim()).not.toBe('')],
  ['caption', ({ stdout }) => expect(stdout).toBe('a whale to the right of a gorilla on an orange background\n')],
  [
    'attend fixtures/scenes/0007.png --from-words',
    ({ stdout }) => {
      const the = fields(stdout).find(([word]) => word === 'the')!;
      expect(Number(the[4]!.split(' ').at(-1))).toBeGreaterThan(3);
    },
  ],
  [
    'attend',
    ({ stdout }) => {
      const [, x, y] = fields(stdout).find(([word]) => word === 'whale')!;
      expect(Number(x)).toBeGreaterThan(0.5);
      expect([Number(x), Number(y)].every((at) => Math.abs(at - 0.62) < 0.2)).toBe(true);
    },
  ],
  [
    'ground',
    ({ stdout }, args) => {
      const doubted = fields(stdout).filter(([, grounded]) => Number(grounded) < 0.5);
      expect(doubted.map(([word]) => word)).toEqual(args[2]?.includes('shark') ? ['shark'] : []);
    },
  ],
  [
    'step fixtures/scenes/0007.png --script run,erase',
    ({ stdout }) => {
      const finished = fields(stdout).filter(([, , , , state]) => state === 'finished');
      const changed = finished.filter(([, , , , , , , , , under]) => under === 'erase:whale');
      const best = changed.sort((a, b) => Number(b[7]) - Number(a[7]))[0]!;
      expect(best[8]).toMatch(/^a small (?!whale)\w+ on an orange background$/);
    },
  ],
  ['rank', ({ stdout }) => expect(fields(stdout)[0]![2]).toBe('a whale to the right of a gorilla')],
  [
    'lens',
    ({ stdout }) => {
      const whale = fields(stdout).filter(([, word]) => word === 'whale');
      const rankAt = (layer: string) => Number(whale.find(([name]) => name === layer)![2]);
      expect(rankAt('text')).toBeGreaterThan(10);
      expect(rankAt('cross.0')).toBe(1);
    },
  ],
  [
    'heads',
    ({ stdout }) => {
      const costs = fields(stdout).map(([, word, cost]) => [word, Number(cost)] as const);
      expect(costs.every(([word]) => word === 'whale')).toBe(true);
      expect(costs[0]![1]).toBeGreaterThan(costs.at(-1)![1]);
    },
  ],
];

test('there are ten questions, and each has a command', () => {
  const sections = PAGE.split(/^## \d+\. /m).slice(1);
  expect(sections).toHaveLength(10);
  for (const section of sections) expect(section).toMatch(/```sh\ncoca /);
});

test.each(COMMANDS.map((args) => [args.join(' '), args] as const))(
  'coca %s',
  async (line, args) => {
    const answer = await coca([...args, '--quiet'], { cwd: ROOT });
    expect([answer.code, answer.stderr]).toEqual([0, '']);
    expect(answer.stdout.trim()).not.toBe('');
    SAID.find(([command]) => line.startsWith(command))?.[1](answer, args);
  },
  120_000,
);
