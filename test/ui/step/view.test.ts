import { afterEach, describe, expect, test, vi } from 'vitest';
import { layoutOf, wantedOf } from '../../../src/ui/step/layout.js';
import { stageLines } from '../../../src/ui/step/stage.js';
import { INITIAL, type StepState } from '../../../src/ui/step/state.js';
import { staticLines } from '../../../src/ui/step/static.js';
import type { Colors } from '../../../src/ui/terminal.js';
import { KEYS } from '../../support/keys.js';
import { CELL, pixelsOf } from '../../support/terminal-pictures.js';
import { renderSteps } from './render.js';
import { nodeOf, StillSource, stepOf, treeOf } from './source.js';

let app: ReturnType<typeof renderSteps>;
afterEach(() => app?.close());

async function open(source: StillSource, columns: number, rows: number, colors?: Colors) {
  app = renderSteps(source, columns, rows, colors);
  await app.until(/\S/);
  return app;
}

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

/** A frame without a terminal. */
function frame(
  columns: number,
  rows: number,
  state: Partial<StepState> = {},
  snapshot = stepOf(),
  mapRemark = '',
): string {
  const whole = { ...INITIAL, ...state };
  const layout = layoutOf(columns, rows, wantedOf(snapshot.session, whole, true));
  const looking = { state: whole, found: [], moved: snapshot.moved, remark: '', mapRemark };
  const lines = stageLines(new StillSource(snapshot), snapshot, looking, layout, 'none');
  return lines.map((line) => line.trimEnd()).join('\n');
}

describe('frames', () => {
  test('the first line says of a flat map that it is none, before what may be cut', () => {
    const [first] = frame(80, 24, { isAttending: true }, stepOf(), 'looks nowhere in particular (flat map)').split(
      '\n',
    );
    expect(first).toMatch(/^step \d+ of \d+ · looks nowhere in particular \(flat map\) · /);
  });

  test('80 x 24 without colours: numbers for probabilities, marks for fates, brackets for the token', () => {
    expect(frame(80, 24)).toMatchInlineSnapshot(`
      "step 3 of 29 · beam search, 2 beams · photo.png · test on cpu · history 3/4
      beam   score     sum  text                    next
      › 0   -0.300  -0.900  a small(50) [dog(33)]   on 60●  ↵ 30  to 10
        1   -0.700  -2.100  a cat(50) on(33)        on 60●  ↵ 30  to 10
        ✓   -0.900  -2.700  a cat(50) ↵(33)
      › beam 0: after dog                 score     sum
       1 on       ███████▊       60.0 %  -0.504  -1.511 ● goes on
       2 ↵        ███▉           30.0 %       -       - ✗ min length
       3 to       █▎             10.0 %  -1.101  -3.303 ✗ score



      tree  7 tokens
      › a small(50) dog(33)                      ● -0.300
        │ └─cat(50) on(33)                       ● -0.700
        │           └─↵(33)                      ✓ -0.900
        └─the(50)                                ✗ score





      Space step  ← undo  ↑↓ beam  1-9 force  / find  e run  b fork  ? keys  q quit"
    `);
  });

  describe('two lines that differ by a change', () => {
    const pair = () => {
      const changes = [{ type: 'erase', cells: [0, 1], word: 'dog' }] as const;
      return stepOf(
        {},
        { tree: treeOf(['20 0 a(99) live -0.1', '21 20 cat(60) live -0.4']), step: 2, changes, from: 0 },
      );
    };

    test('80 x 24 without colours: both trees, and what moved most beside the candidates', () => {
      expect(frame(80, 24, {}, pair())).toMatchInlineSnapshot(`
        "step 2 of 29 · erase:dog · beam search, 2 beams · photo.png · test on cpu · his…
          line 0   -0.300  a small dog  ● step 3
        › line 1   -0.400  [erase:dog] a cat  ● step 2
        beam   score     sum  text            next
        › 0   -0.400  -0.800  a(99) [cat(60)] on 60●  ↵ 30  to 10

        › beam 0: after cat                     moved most after cat by erase:dog
         1 on       ██▍   60.0 % ● goes on      + on                 5.0 % →  60.0 %
         2 ↵        █▎    30.0 % ✗ min length   - dog               40.0 % → < 0.1 %
         3 to       ▍     10.0 % ✗ score


        line 0  7 tokens                         line 1 erase:dog  2 tokens
        › a small(50) dog(33)     ● -0.300       › a(99) cat(60)           ● -0.400
          │ └─cat(50) on(33)      ● -0.700
          │           └─↵(33)     ✓ -0.900
          └─the(50)               ✗ score





        Space step  ← undo  1-9 force  / find  e run  b fork  ? keys  q quit"
      `);
    });

    test.each([
      [120, 40],
      [200, 60],
    ])('%i x %i: the same', (columns, rows) => {
      const shown = frame(columns, rows, {}, pair());
      expect(shown).toMatch(/line 0 {2}7 tokens +line 1 erase:dog {2}2 tokens/);
      expect(shown).toMatch(/moved most after cat by erase:dog/);
      expect(shown).toMatch(/\+ on +5\.0 % → +60\.0 %/);
      expect(shown).not.toMatch(/[+-] to +10\.0 %/);
    });

    test('where there is no room: the tree of all lines', () => {
      const shown = frame(50, 24, {}, pair());
      expect(shown).toMatch(/tree {2}9 tokens/);
      expect(shown).not.toContain('moved');
    });
  });

  test('what is to be changed: the forms, and what was typed', () => {
    expect(frame(80, 24, { mode: 'change', verb: 'erase', query: 'wha' })).toMatch(
      /erase: wha_\n[\s\S]*2 x 2 cells wide/,
    );
    expect(frame(80, 24, { mode: 'change', verb: 'ablate' })).toMatch(/ablate: _\n[\s\S]*there are cross\.L/);
    expect(frame(80, 24, { mode: 'change', verb: 'patch' })).toMatch(/patch: _\n[\s\S]*at one site: image/);
  });

  test('60 x 14: no room for sums and the tree', () => {
    expect(frame(60, 14)).toMatchInlineSnapshot(`
      "step 3 of 29 · beam search, 2 beams · photo.png · test on c…
      beam   score     sum  text (1 below)
      › 0   -0.300  -0.900  a small(50) [dog(33)]
        1   -0.700  -2.100  a cat(50) on(33)
      › beam 0: after dog          score
       1 on       ███▋    60.0 %  -0.504 ● goes on
       2 ↵        █▊      30.0 %       - ✗ min length
       3 to       ▋       10.0 %  -1.101 ✗ score




      Space step  ← undo  ↑↓ beam  1-9 force  ? keys  q quit"
    `);
  });

  test('30 x 6: the beams', () => {
    expect(frame(30, 6)).toMatchInlineSnapshot(`
      "step 3 of 29 · beam search, 2…
      beam   score  text
      › 0   -0.300  …l(50) [dog(33)]
        1   -0.700  a cat(50) on(33)
        ✓   -0.900  a cat(50) ↵(33)"
    `);
  });

  test('120 x 40: the tree and what fell beside each other, the picture beside the beams', async () => {
    await open(new StillSource(), 120, 40, 'any');
    const terminal = app.terminal();
    const lines = terminal.lines();
    expect(lines[2]).toMatch(/^beam +score +sum +text +next +▀+$/);
    expect(lines[2]!.length).toBe(120);
    expect(lines.find((line) => line.startsWith('tree'))).toMatch(/tree {2}7 tokens +fell at step 3: why, sum, prob/);
    expect(lines.join('\n')).toMatch(/● -0\.300 +✗ min length +- +40 % {2}a small ↵/);
    // Of the beams' tokens, some are less likely than not.
    const styles = [3, 4, 5].flatMap((row) =>
      Array.from({ length: 60 }, (_, column) => terminal.cell(row, column).style),
    );
    expect(styles.some((style) => style.endsWith(' 4 '))).toBe(true);
  });

  test('200 x 60: what may follow two beams side by side', () => {
    expect(frame(200, 60)).toMatch(/› beam 0: after dog .* beam 1: after on/);
  });

  test('of a search that has ended: the captions, and the tokens of the chosen one', () => {
    const text = frame(80, 24, {}, stepOf({ isDone: true, beams: [] }));
    expect(text).toMatch(/^ended at step 3 /);
    expect(text).toMatch(/› ✓ +-0\.900 +-2\.700 +a cat\(50\) \[↵\(33\)\]/);
    expect(text).toMatch(/› finished: its tokens\n {3}a +█+ +100\.0 %\n {3}cat +█+▌ +50\.0 %\n {3}↵/);
  });

  test('several lines side by side, the current one marked', () => {
    const ended = { tree: treeOf(['1 0 a live -1', '2 1 cat finished -0.5']), step: 7, isDone: true };
    expect(frame(80, 24, {}, stepOf({}, ended))).toContain(
      [
        '  line 0   -0.300  a small dog  ● step 3',
        '› line 1   -0.500  a cat  ✓ ended at step 7',
        'beam   score     sum  text',
      ].join('\n'),
    );
  });

  test('texts that are cut beside the picture leave nothing of what stood there before', async () => {
    const tree = Array.from({ length: 14 }, (_, i) => nodeOf(`${i + 1} ${i} background${i}(100) live -1`));
    await open(new StillSource(stepOf({ tree, beams: [], finished: [14, 14, 14] })), 80, 24, 'any');
    await app.press('a');
    await app.until(/▀\+▀/);
    const beside = app
      .terminal()
      .lines()
      .filter((line) => line.includes('▀'));
    expect(beside.length).toBeGreaterThan(8);
    for (const line of beside) expect(line).toMatch(/ {2}▀[▀+]+$/);
    await app.press('a');
    await app.until(/Space step/);
    await eventually(() => expect(app.terminal().text()).not.toContain('▀'));
  });

  test('a tree that is wider than its place shows some of each text', () => {
    const stem = Array.from({ length: 12 }, (_, i) => `${i + 1} ${i} background live -0.1`);
    const tree = treeOf([
      ...stem,
      '20 1 early pruned -0.5 score',
      '21 11 sideways live -0.4',
      '22 12 late pruned -0.9 score',
      '23 12 onward live -0.1',
    ]);
    const lines = frame(80, 30, {}, stepOf({ tree, beams: [12, 21, 23] })).split('\n');
    const rows = lines
      .slice(lines.findIndex((line) => line.startsWith('tree')) + 1)
      .filter((line) => /[●✗]/.test(line));
    expect(rows.map((row) => row.replace(/\(50\)/g, ''))).toEqual([
      expect.stringMatching(/^› ….*background background.* ● -0\.100$/),
      expect.stringMatching(/ └─late +✗ score$/),
      expect.stringMatching(/ └─sideways +● -0\.400$/),
      expect.stringMatching(/^ {2}early +✗ score$/),
    ]);
  });

  test('an earlier token is looked at', () => {
    expect(frame(80, 24, { back: 1 })).toContain('a [small(50)] dog(33)');
  });

  test('the help, whole or scrolled', () => {
    expect(frame(140, 40, { mode: 'help' })).toMatch(/Space right l +a step of the search +● goes on/);
    expect(frame(80, 24, { mode: 'help' })).toMatch(/Space right[\s\S]*13 below \(up, down\)/);
    expect(frame(80, 24, { mode: 'help', scroll: 99 })).toMatch(/ended +the search was over\n13 above/);
  });

  test('before the first step', () => {
    const start = stepOf({ tree: [], step: 0, fallen: [] });
    expect(frame(80, 24, {}, start)).toMatch(/beam 0: how it may begin[\s\S]*tree\nSpace takes the first step/);
  });

  test('printed for where no keys are asked for: everything', () => {
    const lines = staticLines(new StillSource(), stepOf(), { columns: 80, colors: 'none' });
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "step 3 of 29 · beam search, 2 beams · photo.png · test on cpu · history 3/4

      beam   score     sum  text                    next
      › 0   -0.300  -0.900  a small(50) [dog(33)]   on 60●  ↵ 30  to 10
        1   -0.700  -2.100  a cat(50) on(33)        on 60●  ↵ 30  to 10
        ✓   -0.900  -2.700  a cat(50) ↵(33)

      tree  7 tokens
      › a small(50) dog(33)                      ● -0.300
        │ └─cat(50) on(33)                       ● -0.700
        │           └─↵(33)                      ✓ -0.900
        └─the(50)                                ✗ score"
    `);
  });

  test('nothing is higher than the terminal or wider, and nothing scrolls, whatever the size', async () => {
    const tree = Array.from({ length: 60 }, (_, i) => nodeOf(`${i + 1} ${i} word${i}(100) live -1`));
    const many = stepOf(...Array(7).fill({ tree, beams: Array(16).fill(60), chosen: 9 }));
    for (const [columns, rows] of [
      [10, 3],
      [1, 1],
      [2, 9],
      [20, 5],
      [30, 50],
      [44, 16],
      [300, 20],
      [103, 36],
    ] as const) {
      for (const colors of ['none', '16', 'any'] as const) {
        app = renderSteps(new StillSource(many), columns, rows, colors);
        await app.settle();
        await app.press('a?', '?o', KEYS.escape, '/d');
        const terminal = app.terminal();
        expect(terminal.scrolled).toBe(0);
        expect(
          terminal
            .lines()
            .slice(Math.max(1, rows - 1))
            .join(''),
        ).toBe('');
        app.close();
      }
    }
  });
});

describe('keys', () => {
  test('what is asked of the walk', async () => {
    const source = new StillSource();
    await open(source, 80, 24);
    await app.press(' ', KEYS.right, KEYS.left, 'r', KEYS.down, KEYS.up, '3', 'x', 'e', KEYS.tab, KEYS.home, KEYS.end);
    await app.press('[', 'b', KEYS.escape);
    await eventually(() =>
      expect(source.asked).toEqual([
        { type: 'next' },
        { type: 'next' },
        { type: 'undo' },
        { type: 'redo' },
        { type: 'choose', to: 'down' },
        { type: 'choose', to: 'up' },
        { type: 'force', target: { candidate: 3 } },
        { type: 'prune' },
        { type: 'run' },
        { type: 'line', line: 'next' },
        { type: 'undo', times: 'all' },
        { type: 'redo', times: 'all' },
        { type: 'fork', back: 1 },
        'stop',
      ]),
    );
  });

  test('a token found by typing is forced', async () => {
    const source = new StillSource();
    await open(source, 80, 24);
    await app.press('/');
    await app.until(/find: _\n› dog .* rank 3\n {2}hotdog[\s\S]* {2}cat[\s\S]*Enter force it {2}Esc leave/);
    await app.press('d', 'o', 'x', KEYS.backspace, 'g');
    await app.until(/find: dog_[\s\S]*› dog +▊ +10\.0 % +-2\.303 {2}rank 3\n {2}hotdog +▍ +5\.0 %/);
    await app.press(KEYS.down, KEYS.enter);
    await eventually(() => expect(source.asked).toEqual([{ type: 'force-found', query: 'dog', match: 1 }]));
    await app.press('/zzz');
    await app.until(/no token holds that/);
    await app.press(KEYS.escape);
    await app.until(/beam 0: after dog/);
  });

  test('after a finished caption no token is found, and it says why', async () => {
    await open(new StillSource(stepOf({ chosen: 2 })), 80, 24);
    await app.press('/');
    await app.until(/find: _\na finished caption takes no more tokens/);
  });

  test('the last line names the keys that mean something', async () => {
    await open(new StillSource(), 80, 24);
    await app.press('o');
    await app.until(/\n↑↓ option {2}←→ change .* Esc leave$/);
    await app.press(KEYS.escape, '?');
    await app.until(/\n↑↓ scroll {2}Esc close {2}q quit$/);
  });

  test('typed and entered at once, the text as it was typed counts', async () => {
    const source = new StillSource();
    await open(source, 80, 24);
    await app.press('/hot\r');
    await eventually(() => expect(source.asked).toEqual([{ type: 'force-found', query: 'hot', match: 0 }]));
  });

  test('options are changed together', async () => {
    const source = new StillSource();
    await open(source, 80, 24);
    await app.press('o', KEYS.right, KEYS.down, KEYS.down, KEYS.down, '0', '.', '5', KEYS.down, KEYS.right);
    await app.until(
      /options from here on[\s\S]*beams +3 {2}\(was 2\)\n[\s\S]*\n {2}length-penalty +0\.5 {2}\(was 1\)\n› early-stopping +true_ {2}\(was false\)/,
    );
    await app.press(KEYS.enter);
    await eventually(() =>
      expect(source.asked).toEqual([
        { type: 'set-typed', options: { beams: '3', lengthPenalty: '0.5', earlyStopping: 'true' } },
      ]),
    );
    await app.until(/beam 0: after dog/);
  });

  test('attention follows the token that is looked at', async () => {
    const source = new StillSource();
    await open(source, 100, 30, 'any');
    await app.press('a');
    await eventually(() => expect(source.asked).toEqual(['attention 0 0']));
    // The mark of the highest patch.
    await app.until(/▀\+▀/);
    await app.press('[', 'a', 'a');
    await eventually(() => expect(source.asked).toEqual(['attention 0 0', 'attention 0 1']));
    source.change(stepOf({ chosen: 1 }));
    await eventually(() => expect(source.asked.at(-1)).toBe('attention 1 1'));
  });

  test.each(['kitty', 'iterm', 'sixel'] as const)(
    '%s: the map as a picture, where half blocks would be',
    async (kind) => {
      const source = new StillSource();
      app = renderSteps(source, 80, 24, 'any', kind);
      await app.until(/beam 0/);
      if (kind === 'sixel') await app.press(`\u001b[6;${CELL.height};${CELL.width}t`);
      await app.press('a');
      const place = { row: 1, column: 58, columns: 22, rows: 11 };
      await eventually(() => expect(app.pictures()).toEqual([expect.objectContaining({ protocol: kind, ...place })]));
      await eventually(() => expect(source.asked).toEqual(['attention 0 0']));
      // The patch that is looked at most: a white cross in its middle.
      await eventually(async () => {
        const { rgb, width, height } = await pixelsOf(app.pictures()[0]!);
        const { peak } = (await source.attention(0, 0))!;
        const [x, y] = [Math.floor(peak.x * width), Math.floor(peak.y * height)];
        expect([...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)]).toEqual([255, 255, 255]);
      });
      await app.press('?');
      await eventually(() => expect(app.pictures()).toEqual([]));
    },
  );

  test('without pictures there is none, and it says so', async () => {
    const source = new StillSource();
    app = renderSteps(source, 200, 60, 'any', 'none');
    await app.until(/beam 0/);
    await app.press('a');
    await app.until(/there are none \(--images none\)/);
    expect(app.terminal().text()).not.toContain('▀');
    expect(source.asked).toEqual([]);
  });

  test('where there is no room for a picture, it says so', async () => {
    await open(new StillSource(), 40, 12);
    await app.press('a');
    await app.until(/no room for the picture/);
  });

  test('what there is to say stays until the next key; what is wrong is shown as text', async () => {
    const source = new StillSource();
    source.answer = () => Promise.reject(new Error('no beam \u001b[2J here'));
    await open(source, 80, 24);
    await app.press('x');
    await app.until(/\nno beam \\x1b\[2J here$/);
    await app.press('w');
    await app.until(/\nsaved in photo-step\.json$/);
    await app.press('t');
    await app.until(/\nSpace step.*$/);
    await app.until(/fell at step 3: why, sum, probability\n✗ min length/);
  });

  test('what changes is drawn', async () => {
    const source = new StillSource();
    await open(source, 80, 24);
    const tree = treeOf(['1 0 a live -0.1', '3 1 small live -0.2', '5 3 dog live -0.3', '7 5 barks live -0.2']);
    source.change(stepOf({ tree, step: 4 }));
    await app.until(/^step 4[\s\S]*dog\(50\) barks\(50\) +● -0\.200/);
  });

  test('another size is another frame', async () => {
    await open(new StillSource(), 80, 24);
    app.stdout.resize(44, 12);
    const text = await app.until(/^step 3[\s\S]*beam 0: after dog/);
    expect(text).not.toContain('tree');
  });

  test('leaving asks where something would be lost', async () => {
    const source = new StillSource();
    source.hasChanges = true;
    await open(source, 80, 24);
    await app.press('q');
    await app.until(/\nnot saved: w save and leave {2}q leave without {2}Esc stay$/);
    await app.press(KEYS.escape);
    await app.until(/\nSpace step/);
    await app.press('q', 'w');
    expect(await app.left).toBe('quit');
    expect(source.asked).toEqual(['save']);
    await open(source, 80, 24);
    await app.press('q', 'q');
    expect(await app.left).toBe('quit');
    expect(source.asked).toEqual(['save']);
  });

  test('what cannot be saved is not left', async () => {
    const source = new StillSource();
    source.hasChanges = true;
    source.save = () => Promise.reject(new Error('the disk is full'));
    await open(source, 80, 24);
    await app.press('q', 'w');
    await app.until(/\nthe disk is full$/);
    await app.press('q', 'q');
    expect(await app.left).toBe('quit');
  });

  test('q leaves, Ctrl-C interrupts', async () => {
    await open(new StillSource(), 80, 24);
    await app.press('q');
    expect(await app.left).toBe('quit');
    await open(new StillSource(), 80, 24);
    await app.press('/', '\u0003');
    expect(await app.left).toBe('interrupt');
  });
});
