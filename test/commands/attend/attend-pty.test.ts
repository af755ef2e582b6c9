import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { KEYS } from '../../support/keys.js';
import { Pty } from '../../support/pty.js';
import { CELL, pixelsOf, type ShownPicture } from '../../support/terminal-pictures.js';

const BOOK = fixture('scenes/0001.png');
const SIZE = { columns: 80, rows: 24 };
let folder: string;
let pty: Pty;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-attend-'));
});
afterEach(() => pty.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const left = { isCooked: true, modes: new Set(['25']) };

describe('on a pseudo-terminal', () => {
  test('the keys, one after the other', async () => {
    pty = new Pty(['attend', BOOK, '--quiet'], { ...SIZE, cwd: folder });
    const first = await pty.until(/\[a\].*background[\s\S]*q quit/);
    expect(first).toMatch(/word +1 of 7/);
    expect(first).toMatch(/▀{30}/);
    expect(pty.screen().cell(0, 0).style).toMatch(/38;2;\d+;\d+;\d+ 48;2;/);
    pty.type(KEYS.right);
    await pty.until(/word +2 of 7[\s\S]*\[small\]/);
    pty.type(KEYS.left + KEYS.left);
    await pty.until(/word +7 of 7[\s\S]*\[background\]/);
    pty.type(KEYS.up);
    await pty.until(/layer +last of 0-2/);
    pty.type('n');
    await pty.until(/head +0 of 0-5/);
    pty.type('f');
    await pty.until(/grounded +\d+ % [\s\S]*without +-?\d[\s\S]*gain, drop +[+-]\d[\s\S]*mass, sim\. +\d+ %/);
    pty.type('m');
    await pty.until(/method +occlusion/);
    pty.type('m');
    await pty.until(/method +cross/);
    pty.type('+');
    await pty.until(/opacity +70 %/);
    expect(pty.output).not.toMatch(/\u001b_G|\u001bP|\u001b\]|\u001b\[16t/);
    pty.type('g');
    await pty.until(/book \d\d.*\n[\s\S]*\[background 100\]/);
    pty.type('g?');
    await pty.until(/all words at once/);
    pty.type('?s');
    await pty.until(/saved in 0001-attention: 7 overlays/);
    expect(readdirSync(join(folder, '0001-attention'))).toContain('attention.safetensors');
    pty.type('ms');
    await pty.until(/saved in 0001-attention-2: 7 overlays/);
    const methodIn = (name: string) => JSON.parse(readFileSync(join(folder, name, 'attention.json'), 'utf8')).method;
    expect(methodIn('0001-attention-2')).not.toBe(methodIn('0001-attention'));
    pty.type('q');
    expect(await pty.end()).toEqual({ code: 0, ...left });
    expect(pty.screen().scrolled).toBe(0);
  });

  test('a region is erased with keys: what is shown and saved is what is found for such a picture', async () => {
    // Of the model's size: what is blanked in the file is what the model would blank.
    const [file, erased] = [join(folder, 'whale.png'), join(folder, 'erased.png')];
    await sharp(fixture('scenes/0007.png')).removeAlpha().resize(96, 96).png().toFile(file);
    const { data } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    const mean = [0, 1, 2].map((channel) => {
      let sum = 0;
      for (let i = channel; i < data.length; i += 3) sum += data[i]!;
      return Math.round((3 * sum) / data.length);
    });
    pty = new Pty(['attend', file, '--quiet'], { ...SIZE, cwd: folder });
    await pty.until(/\[a\] +whale.*background[\s\S]*q quit/);
    pty.type(`${KEYS.right}E`);
    const chosen = /(\d) x (\d) of 8 x 8 cells[\s\S]*(\d) from the left, (\d) from the top/;
    await pty.until(/3 x 3 of 8 x 8 cells[\s\S]*Enter erase/);
    // To the corner at the top left, then over the right half: 4 columns, all rows.
    pty.type('hhhhhhhhkkkkkkkkllllLJJJJJJJJ');
    await pty.until(/4 x 8 of 8 x 8 cells[\s\S]*4 from the left, 0 from the top/);
    expect(pty.screen().text()).toMatch(chosen);
    pty.type('\r');
    const shown = await pty.until(/erased +32 of 64 cells[\s\S]*before[\s\S]*whale[\s\S]*now/);
    for (let y = 0; y < 96; y++) for (let x = 48; x < 96; x++) data.set(mean, (y * 96 + x) * 3);
    await sharp(data, { raw: { width: 96, height: 96, channels: 3 } })
      .png()
      .toFile(erased);
    const { stdout } = await coca(['attend', erased, '--json', '-q']);
    const { caption, tokens } = JSON.parse(stdout)[0];
    const now = shown
      .split('\n')
      .find((line) => line.startsWith('now'))!
      .replace(/[[\]]/g, ' ');
    expect(now.slice(3).trim().split(/\s+/).join(' ')).toBe(caption);
    pty.type('s');
    await pty.until(/saved in whale-attention: \d+ overlays/);
    const record = JSON.parse(readFileSync(join(folder, 'whale-attention', 'attention.json'), 'utf8'));
    expect(record).toMatchObject({ caption, erased: Array.from({ length: 32 }, (_, i) => 8 * (i >> 2) + 4 + (i & 3)) });
    const lines = readFileSync(join(folder, 'whale-attention', 'words.tsv'), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1);
    expect(lines.map((line) => line.split('\t').slice(0, 3))).toEqual(
      tokens.map(({ text, peak }: { text: string; peak: { x: number; y: number } }) => [
        text,
        peak.x.toFixed(4),
        peak.y.toFixed(4),
      ]),
    );
    pty.type('u');
    await pty.until(/^(?![\s\S]*before)[\s\S]*whale/);
    pty.type('u');
    await pty.until(/nothing is erased/);
    pty.type('X');
    await pty.until(/erased +13 of 64 cells[\s\S]*now/);
    pty.type('q');
    expect(await pty.end()).toEqual({ code: 0, ...left });
  });

  test('another size is another frame', async () => {
    pty = new Pty(['attend', BOOK, '--quiet'], SIZE);
    await pty.until(/q quit/);
    pty.resize(40, 12);
    await pty.until(/gradient layer mean[\s\S]*\[a\]/);
    pty.resize(120, 40);
    await pty.until(/^▀{60,} {2}a\n[\s\S]*word +1 of 7[\s\S]*q quit/);
    pty.type('q');
    expect((await pty.end()).code).toBe(0);
  });

  test('Ctrl-C: 130, and the terminal as it was', async () => {
    pty = new Pty(['attend', BOOK, '--quiet'], SIZE);
    await pty.until(/q quit/);
    pty.type(KEYS.interrupt);
    expect(await pty.end()).toEqual({ code: 130, ...left });
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s: %i, and the terminal as it was', async (name, code) => {
    pty = new Pty(['attend', BOOK, '--quiet'], SIZE);
    await pty.until(/q quit/);
    pty.signal(name);
    expect(await pty.end()).toEqual({ code, ...left });
  });

  test('NO_COLOR: not one colour is sent', async () => {
    pty = new Pty(['attend', BOOK, '--quiet'], { ...SIZE, env: { NO_COLOR: '1' } });
    await pty.until(/▒[\s\S]*\[a +\][\s\S]*\n *\d+( +\d+){6}\n[\s\S]*q quit/);
    expect(pty.output).not.toMatch(/\u001b\[[34]8;/);
    pty.type('q');
    await pty.end();
  });

  test('TERM=dumb: printed once, without waiting for keys', async () => {
    pty = new Pty(['attend', BOOK, '--quiet', '--token', 'book'], { ...SIZE, env: { TERM: 'dumb' } });
    expect((await pty.end()).code).toBe(0);
    expect(pty.output).toMatch(/book +\d\d +0\.56 +0\.69/);
    expect(pty.output).not.toContain('\u001b');
  });

  test('-o writes and prints, and asks for no keys', async () => {
    pty = new Pty(['attend', BOOK, '--quiet', '-o', 'maps'], { ...SIZE, cwd: folder });
    expect((await pty.end()).code).toBe(0);
    expect(existsSync(join(folder, 'maps', 'contact.png'))).toBe(true);
    expect(pty.output).toMatch(/background +100/);
  });

  test('--token: begins with that word', async () => {
    pty = new Pty(['attend', BOOK, '--quiet', '--token', 'PINK'], SIZE);
    await pty.until(/\[pink\]/);
    pty.type('\u001b');
    expect((await pty.end()).code).toBe(0);
  });

  describe('pictures', () => {
    const LARGE = { row: 0, column: 0, columns: 40, rows: 20 };
    /** Waits for as many pictures as are wanted, since text comes before them, and returns them. */
    const pictures = async (count: number, isWanted: (picture: ShownPicture) => boolean = () => true) => {
      const screen = await pty.untilScreen(`${count} pictures`, (shown) => {
        return shown.pictures().length === count && shown.pictures().every(isWanted);
      });
      return screen.pictures();
    };

    test('Kitty: detected, replaced by each key, hidden by the help, deleted at the end', async () => {
      pty = new Pty(['attend', BOOK, '--quiet'], { ...SIZE, env: { KITTY_WINDOW_ID: '1' } });
      const [first] = await pictures(1);
      expect(first).toMatchObject({ protocol: 'kitty', ...LARGE });
      const { width, height, rgb } = await pixelsOf(first!);
      expect([width, height]).toEqual([400, 400]);
      // The scene is pink: red most, green least, also under the map.
      expect(rgb[0]).toBeGreaterThan(rgb[1]!);
      pty.type(KEYS.right);
      const [second] = await pictures(1, ({ payload }) => payload !== first!.payload);
      expect(second).toMatchObject(LARGE);
      pty.type('?');
      await pty.until(/all words at once/);
      await pictures(0);
      pty.type('?g');
      await pty.until(/\[small \d\d\]/);
      await pictures(7);
      pty.type('q');
      expect(await pty.end()).toEqual({ code: 0, ...left });
      const end = pty.output.slice(0, pty.output.lastIndexOf('\u001b[?1049l'));
      expect(end.match(/\u001b_Ga=d,d=I,i=\d+,q=2\u001b\\/g)!.length).toBeGreaterThanOrEqual(7);
      expect(pty.output).not.toMatch(/▀|\u001bP|\u001b\]/);
    });

    test('sixel: as soon as the terminal says how large its cells are', async () => {
      pty = new Pty(['attend', BOOK, '--quiet', '--images', 'sixel'], SIZE);
      await pty.untilScreen('a question', () => pty.output.includes('\u001b[16t'));
      await pty.until(/▀{30}[\s\S]*q quit/);
      pty.type(`\u001b[6;${CELL.height};${CELL.width}t${KEYS.right}`);
      await pty.until(/word +2 of 7/);
      expect(await pictures(1)).toEqual([expect.objectContaining({ protocol: 'sixel', ...LARGE })]);
      pty.type('q');
      expect(await pty.end()).toEqual({ code: 0, ...left });
    });

    test('iTerm2', async () => {
      pty = new Pty(['attend', BOOK, '--quiet', '--images', 'iterm'], SIZE);
      expect(await pictures(1)).toEqual([expect.objectContaining({ protocol: 'iterm', ...LARGE })]);
      pty.type(KEYS.interrupt);
      expect(await pty.end()).toEqual({ code: 130, ...left });
    });

    test('none', async () => {
      pty = new Pty(['attend', BOOK, '--quiet', '--images', 'none'], { ...SIZE, env: { KITTY_WINDOW_ID: '1' } });
      await pty.until(/word +1 of 7[\s\S]*q quit/);
      pty.type('q');
      expect((await pty.end()).code).toBe(0);
      expect(pty.output).not.toMatch(/▀|\u001b_G|\u001bP|\u001b\]/);
    });
  });
});
