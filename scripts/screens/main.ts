import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { KEYS } from '../../test/support/keys.js';
import { castOf } from './cast.js';
import { Recording } from './recording.js';
import type { Cells } from './row.js';
import { svgOf } from './svg.js';
import { trainScreen } from './train.js';

/**
 * Makes the pictures of docs/screens anew, from what the built program draws on a pseudo-terminal:
 *
 *     npm run build && npm run screens [-- NAME...]
 *
 * caption, attend, step and train are one screen each, session is a recording: session.cast for asciinema, session.svg by itself.
 */
const FOLDER = fileURLToPath(new URL('../../docs/screens/', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BOOK = 'fixtures/scenes/0001.png';
const ROBOTS = 'fixtures/scenes/0005.png';
const SMALL = { columns: 80, rows: 24 };
const LARGE = { columns: 110, rows: 34 };

function save(name: string, text: string): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}${name}`, text);
  process.stdout.write(`${name}: ${Math.round(text.length / 1000)} kB\n`);
}

const saveScreen = (name: string, screen: Cells): void =>
  save(`${name}.svg`, svgOf([{ at: 0, screen }], 1, `coca ${name}`));

async function still(
  words: readonly string[],
  size: typeof SMALL,
  use: (recording: Recording) => Promise<Cells>,
): Promise<Cells> {
  const recording = new Recording(words, size, ROOT);
  try {
    return await use(recording);
  } finally {
    recording.close();
  }
}

async function session(): Promise<void> {
  const recording = new Recording([ROBOTS], SMALL, ROOT);
  try {
    recording.typeCommand();
    await recording.until(/two robots[\s\S]*on cpu\n0005\.png›$/);
    recording.wait(3);
    await recording.type('rank two robots | a green heart | a dog');
    await recording.press(KEYS.enter, /a dog\n0005\.png›$/, 4);
    await recording.type('attend');
    await recording.press(KEYS.enter, /word +1 of \d+[\s\S]*▀\n\n[\s\S]*q quit/, 2);
    for (let word = 2; word <= 6; word++) {
      await recording.press(KEYS.right, new RegExp(`word +${word} of \\d+[\\s\\S]*q quit`), 1);
    }
    await recording.press('g', /background[\s\S]*g one[\s\S]*q quit/, 3);
    await recording.press('q', /0005\.png›$/, 1);
    await recording.type('step');
    await recording.press(KEYS.enter, /Space takes the first step[\s\S]*q quit/, 2);
    for (let step = 1; step <= 4; step++) await recording.press(' ', new RegExp(`^step ${step} of`), 1.2);
    await recording.press(KEYS.down, /› 1 /, 1);
    await recording.press('2', /^step 5 of/, 1.5);
    await recording.press('e', /^ended at/, 3);
    await recording.press('q', /not saved/, 1);
    await recording.press('q', /0005\.png›$/, 1);
    await recording.type(`${BOOK} fixtures/scenes/0003.png`);
    await recording.press(KEYS.enter, /1 0005\.png›|[23] 000\d\.png›$/, 2);
    await recording.type('compare');
    await recording.press(KEYS.enter, /on a red background\n\d 000\d\.png›$/, 6);
    save('session.svg', svgOf(recording.frames, Math.ceil(recording.seconds), 'a session of coca'));
    save('session.cast', castOf(recording.frames, 'coca: a session'));
  } finally {
    recording.close();
  }
}

const MAKERS: Readonly<Record<string, () => Promise<void>>> = {
  async caption() {
    const words = ['caption', ROBOTS];
    saveScreen('caption', await still(words, SMALL, (recording) => recording.until(/on cpu$/)));
  },
  async attend() {
    const screen = await still(['attend', ROBOTS], LARGE, async (recording) => {
      await recording.until(/word +1 of \d+[\s\S]*▀\n\n[\s\S]*q quit/);
      for (let word = 2; word <= 6; word++) {
        await recording.press(KEYS.right, new RegExp(`word +${word} of \\d+[\\s\\S]*▀\\n\\n[\\s\\S]*q quit`));
      }
      return recording.until(/\[robots/);
    });
    saveScreen('attend', screen);
  },
  async step() {
    const screen = await still(['step', BOOK], LARGE, async (recording) => {
      await recording.until(/Space takes the first step[\s\S]*q quit/);
      for (let step = 1; step <= 4; step++) await recording.press(' ', new RegExp(`^step ${step} of`));
      return recording.press('a', /\+▀/).then(() => recording.until(/q quit/));
    });
    saveScreen('step', screen);
  },
  async train() {
    saveScreen('train', await trainScreen(5000, LARGE));
  },
  session,
};

const names = process.argv.slice(2);
for (const name of names.length > 0 ? names : Object.keys(MAKERS)) await MAKERS[name]!();
