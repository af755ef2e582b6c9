import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pageOf } from '../../src/commands/io/page/page.js';
import type { PageView } from '../../src/ui/page/page.js';
import { coca } from '../support/cli.js';
import { temporaryFolder } from '../support/folder.js';
import { fixture } from '../support/golden.js';

/** Pages in a real browser, whose program `COCA_TEST_BROWSER` names: `.ci/run` runs this where there is one, `npm test` never does. */

const BOOK = fixture('scenes/0001.png');
const WHALE = fixture('scenes/0007.png');
const TAXI = fixture('scenes/0003.png');
const CAPTION = 'a small book on a pink background';
const WORDS = CAPTION.split(' ');

const LINES: Readonly<Record<PageView, readonly string[]>> = {
  attend: [BOOK, CAPTION, '--from-words'],
  ground: [WHALE, 'a shark to the right of a gorilla'],
  lens: [BOOK, CAPTION],
  heads: [BOOK, CAPTION],
  trace: [BOOK, TAXI, CAPTION],
  step: [WHALE, '--prompt', 'a whale', '--script', 'next,fork,force:bus,run,line:0,run'],
};
const VIEWS = Object.keys(LINES) as PageView[];

const { at } = temporaryFolder();
const html = new Map<PageView, string>();
let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: process.env.COCA_TEST_BROWSER! });
});
afterAll(() => browser.close());

interface Opened {
  readonly page: Page;
  /** Whatever the page said on the console, threw, or asked for. */
  readonly said: readonly string[];
}

async function show(text: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 }, ...options });
  const said: string[] = [];
  const file = at('shown.html');
  writeFileSync(file, text);
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => said.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith('data:') && request.url() !== pathToFileURL(file).href) said.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
  return { page, said };
}

/** The page of a command, which is run once. */
async function textOf(view: PageView): Promise<string> {
  const known = html.get(view);
  if (known !== undefined) return known;
  const file = at('page.html');
  const { code, stderr } = await coca([view, ...LINES[view], '-q', '--device', 'cpu', '--html', file]);
  expect([code, stderr]).toEqual([0, '']);
  html.set(view, readFileSync(file, 'utf8'));
  return html.get(view)!;
}

const open = async (view: PageView, options?: Parameters<Browser['newPage']>[0]) => show(await textOf(view), options);

const chosenWord = (page: Page) => page.locator('.words [aria-checked=true]').textContent();
const panelHead = (page: Page) => page.locator('h2').first().textContent();

/** Of every text that is shown, the contrast with what lies behind it: the least of them. */
const leastContrast = (page: Page) =>
  page.evaluate(() => {
    const channels = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (color: string) => {
      const [r, g, b] = channels(color).map((byte) => {
        const value = byte / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const behind = (element: Element | null): string => {
      if (element === null) return 'rgb(255, 255, 255)';
      const color = getComputedStyle(element).backgroundColor;
      return channels(color)[3] === 0 ? behind(element.parentElement) : color;
    };
    let least = { ratio: 21, text: '' };
    for (const element of document.querySelectorAll('body *')) {
      const own = [...element.childNodes].some(
        (node) => node.nodeType === Node.TEXT_NODE && node.textContent!.trim() !== '',
      );
      if (!own || element.closest('script, noscript, details > :not(summary)')) continue;
      const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < least.ratio) least = { ratio, text: `${element.tagName} ${element.textContent}` };
    }
    return least;
  });

describe.each(VIEWS)('%s', (view) => {
  test('asks for nothing, says nothing on the console, and fits, wide and narrow, in light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1400, 400]) {
        const { page, said } = await open(view, { colorScheme, viewport: { width, height: 900 } });
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
        expect((await leastContrast(page)).ratio).toBeGreaterThanOrEqual(4.5);
        const broken = await page.evaluate(
          () => [...document.images].filter((image) => image.naturalWidth === 0).length,
        );
        expect(broken).toBe(0);
        expect(said).toEqual([]);
        await page.close();
      }
    }
  });

  test('its words are chosen with the mouse and walked through with arrows, also with nothing in focus', async () => {
    const { page, said } = await open(view);
    const words = await page.locator('.words [role=radio]').allTextContents();
    expect(words.length).toBeGreaterThanOrEqual(5);
    await page.locator('.words [role=radio]').nth(2).click();
    expect([await chosenWord(page), await panelHead(page)]).toEqual([words[2], words[2]]);
    await page.keyboard.press('ArrowRight');
    expect([await chosenWord(page), await panelHead(page)]).toEqual([words[3], words[3]]);
    await page.keyboard.press('Home');
    expect(await chosenWord(page)).toBe(words[0]);
    await page.keyboard.press('ArrowLeft');
    expect(await chosenWord(page)).toBe(words.at(-1));
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(words.at(-1));
    // One stop of Tab, and a ring where it is.
    expect(await page.locator('.words [tabindex="0"]').count()).toBe(1);
    expect(await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle)).toBe('solid');
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await page.keyboard.press('ArrowRight');
    expect(await chosenWord(page)).toBe(words[0]);
    expect(said).toEqual([]);
    await page.close();
  });

  test('colours follow the system until they are switched; on paper they are light', async () => {
    const { page } = await open(view, { colorScheme: 'dark' });
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await paper();
    const button = page.locator('#theme');
    await button.click();
    const light = await paper();
    expect([light, await button.textContent()]).toEqual([expect.not.stringContaining(dark), 'Colours: light']);
    await button.click();
    expect([await paper(), await button.textContent()]).toEqual([dark, 'Colours: dark']);
    await page.emulateMedia({ media: 'print' });
    expect([await paper(), await button.isVisible()]).toEqual([light, false]);
    await page.close();
  });

  test('its data can be read, all of it', async () => {
    const { page } = await open(view);
    await page.locator('summary').click();
    // A browser tells that details were opened after the click has returned.
    const shown = await page.locator('#data pre').filter({ hasText: /\S/ }).textContent();
    expect(JSON.parse(shown!)).toEqual(JSON.parse((await page.locator('#results').textContent())!));
    await page.close();
  });
});

test('attend: the map over the picture is the word’s, its peak where the JSON has it, and the range changes how strong it is', async () => {
  const { page } = await open('attend');
  const [{ tokens }] = JSON.parse((await page.locator('#results').textContent())!);
  await page.locator('.words [role=radio]', { hasText: 'book' }).click();
  const { peak, from } = tokens[WORDS.indexOf('book')];
  const mark = await page.locator('.peak').evaluate((element) => (element as HTMLElement).style.cssText);
  expect(mark).toBe(`left: ${100 * peak.x}%; top: ${100 * peak.y}%;`);
  /** The most opaque place of the map, in fractions of its sides, and how opaque it is. */
  const highest = () =>
    page.locator('figure canvas').evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      let best = 0;
      for (let i = 0; i < data.length / 4; i++) if (data[4 * i + 3]! > data[4 * best + 3]!) best = i;
      return {
        x: (best % canvas.width) / canvas.width,
        y: Math.floor(best / canvas.width) / canvas.height,
        opacity: data[4 * best + 3]!,
      };
    });
  const drawn = await highest();
  expect([drawn.x, drawn.y]).toEqual([expect.closeTo(peak.x, 1), expect.closeTo(peak.y, 1)]);
  expect(await page.locator('.bars li').count()).toBe(from.length);
  await page.locator('input[type=range]').fill('0.25');
  expect((await highest()).opacity / drawn.opacity).toBeCloseTo(1 / 3, 1);
  await page.locator('.thumbs button').nth(0).click();
  expect(await chosenWord(page)).toBe('a');
  await page.close();
});

test('attend: one word alone, by a method that has no layers', async () => {
  const file = at('page.html');
  const line = [BOOK, CAPTION, '--token', 'book', '--method', 'occlusion', '--from-words', '-q', '--html', file];
  expect((await coca(['attend', ...line])).code).toBe(0);
  const { page, said } = await show(readFileSync(file, 'utf8'));
  await page.keyboard.press('ArrowRight');
  expect(await page.locator('.word').allTextContents()).toEqual(['book']);
  expect(await page.locator('.facts').innerText()).toMatch(/method\s+occlusion\s+window\s+3 × 3 patches$/);
  expect(await page.locator('.bars .name').allTextContents()).toEqual(['word 1', 'word 2']);
  expect(said).toEqual([]);
  await page.close();
});

test('ground: the word that is likely wrong is looked at first, and marked', async () => {
  const { page } = await open('ground');
  expect(await chosenWord(page)).toBe('shark');
  expect(await page.locator('.doubted').allTextContents()).toEqual(['shark']);
  expect(await page.locator('tr.chosen th').textContent()).toBe('shark');
  await page.close();
});

test.each(['lens', 'heads'] as const)('%s: keys walk through the cells, and the words go along', async (view) => {
  const { page } = await open(view);
  const [result] = JSON.parse((await page.locator('#results').textContent())!);
  const rows: string[] = view === 'lens' ? result.names : result.heads.map(({ site }: { site: string }) => site);
  const selected = () =>
    page.locator('td[aria-selected=true]').evaluate((cell) => {
      const row = cell.parentElement as HTMLTableRowElement;
      return [row.rowIndex - 1, (cell as HTMLTableCellElement).cellIndex - 1];
    });
  await page.locator('tbody tr').nth(1).locator('td').nth(1).click();
  expect([await selected(), await chosenWord(page)]).toEqual([[1, 1], 'small']);
  await page.locator('td[aria-selected=true]').focus();
  for (const key of ['ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
  expect([await selected(), await chosenWord(page)]).toEqual([[2, 2], 'book']);
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-selected'))).toBe('true');
  for (const key of ['End', 'PageUp']) await page.keyboard.press(key);
  expect([await selected(), await chosenWord(page)]).toEqual([[0, WORDS.length - 1], 'background']);
  expect(await page.locator('.facts dd').first().textContent()).toContain(rows[0]);
  await page.close();
});

test('trace: layers are walked through, and the map over B is that of the layer', async () => {
  const { page } = await open('trace');
  const [{ word, sites }] = JSON.parse((await page.locator('#results').textContent())!);
  expect(await chosenWord(page)).toBe(word);
  const names = [...new Set(sites.map(({ site }: { site: string }) => site))];
  expect(await page.locator('.site .name').allTextContents()).toEqual(names);
  await page.locator('.site').first().click();
  expect(await page.locator('figure canvas').count()).toBe(1);
  await page.keyboard.press('End');
  expect(await page.locator('.site[aria-checked=true] .name').textContent()).toBe('cross.2');
  expect(await page.locator('figure canvas').count()).toBe(0);
  expect(await page.locator('td[aria-selected=true]').textContent()).toBe('1.00');
  await page.locator('tbody tr').first().locator('td').first().click();
  expect(await page.locator('.site[aria-checked=true] .name').textContent()).toBe('cross.0');
  await page.close();
});

test('step: the tree has every node, and arrows go from parent to child', async () => {
  const { page } = await open('step');
  const [{ nodes, best, lines }] = JSON.parse((await page.locator('#results').textContent())!);
  expect(await page.locator('.node').count()).toBe(nodes.length);
  expect((await page.locator('.words [role=radio]').allTextContents()).join(' ')).toBe(best);
  expect(await page.locator('table tbody tr').count()).toBe(lines.length);
  await page.locator('.node.way').nth(0).click();
  expect(await panelHead(page)).toBe(best.split(' ')[0]);
  await page.keyboard.press('ArrowRight');
  expect([await panelHead(page), await chosenWord(page)]).toEqual([best.split(' ')[1], best.split(' ')[1]]);
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowDown');
  expect(await page.locator('.node[aria-selected=true]').getAttribute('aria-level')).toBe('2');
  // The way to the caption is straight, and no node lies on another.
  const tops = await page.locator('.node.way').evaluateAll((all) => all.map((one) => (one as HTMLElement).style.top));
  expect(new Set(tops)).toEqual(new Set(['0px']));
  const places = await page.locator('.node').evaluateAll((all) => all.map((one) => (one as HTMLElement).style.cssText));
  expect(new Set(places).size).toBe(places.length);
  await page.close();
});

test('step: the words of a line that was changed are its own, and say under what they were read', async () => {
  const file = at('changed.html');
  const script = 'run,erase@1:whale,run';
  const { code, stdout } = await coca(['step', WHALE, '--script', script, '--json', '-q', '--html', file]);
  expect(code).toBe(0);
  const [{ best, lines }] = JSON.parse(stdout);
  expect(lines).toHaveLength(2);
  const { page, said } = await show(readFileSync(file, 'utf8'));
  expect((await page.locator('.words [role=radio]').allTextContents()).join(' ')).toBe(best);
  expect(await page.locator('figcaption').textContent()).toContain('read under erase:whale');
  expect(await page.locator('.figures tr.chosen').textContent()).toContain('erase:whale');
  expect(said).toEqual([]);
  await page.close();
});

test('what is hostile in names and words is text, and nothing of it runs or reorders the page', async () => {
  const evil = [
    '</script><script>window.hacked = 1</script>',
    '<img src=x onerror="window.hacked = 1">',
    '\u202egnp.exe',
    '<!--\u2028\u001b[2J',
    '\ud800',
  ];
  const tokens = evil.map((text) => ({
    text,
    logprob: -1,
    map: [[0.5, 0.5]],
    peak: { x: 0.25, y: 0.5 },
    entropy: 1,
    flat: false,
  }));
  const square = async () => ({ size: 2, rgb: new Uint8Array(12).fill(200) });
  const result = {
    image: evil[0],
    caption: evil.join(' '),
    method: 'cross',
    grid: [1, 2],
    tokens,
    model: evil[1],
    device: 'cpu',
  };
  const definition = {
    view: 'attend',
    objectOf: () => result,
    picturesOf: () => [{ name: evil.join(' '), square }],
  } as const;
  const { page, said } = await show(await pageOf(definition, [result]));
  expect(await page.locator('.word').allTextContents()).toEqual([
    evil[0],
    evil[1],
    '\\u202egnp.exe',
    '<!--\\u2028\\x1b[2J',
    '\\ud800',
  ]);
  for (let i = 0; i < evil.length; i++) await page.keyboard.press('ArrowRight');
  await page.locator('summary').click();
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
  expect(await page.locator('main script, main img[src=x]').count()).toBe(0);
  expect(await page.evaluate(() => /[\u202e\u2028\u001b]/.test(document.body.innerText))).toBe(false);
  expect(said).toEqual([]);
  // Were there a hole after all, the policy would still let nothing out.
  const asked = page.evaluate(() => fetch('http://127.0.0.1:9/').then(() => 'answered'));
  await expect(asked).rejects.toThrow();
  expect(said.join()).toMatch(/Content Security Policy/);
  await page.close();
});
