import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { visible } from '../../../src/ui/text.js';

/** What lies in every page, as far as it can be run without one (test/browser has the rest). */

const ASSETS = fileURLToPath(new URL('../../../assets/page/', import.meta.url));
const files = readdirSync(ASSETS);
const sourceOf = (name: string) => readFileSync(`${ASSETS}${name}`, 'utf8');
const elements = runInNewContext(`${sourceOf('elements.js')}; ({ visible, percent, fixed, signed, walked })`) as {
  visible: (text: string) => string;
  percent: (probability: number) => string;
  fixed: (value: number, digits?: number) => string;
  signed: (value: number) => string;
  walked: (key: string, at: number, count: number) => number | undefined;
};

test('nothing in the scripts and styles ends the element that they stand in, or asks for anything', () => {
  expect(files.sort()).toEqual(
    ['attend', 'elements', 'ground', 'heads', 'lens', 'page', 'step', 'table', 'trace']
      .map((name) => `${name}.js`)
      .concat('page.css')
      .sort(),
  );
  for (const name of files) {
    expect(sourceOf(name)).not.toMatch(
      /<\/(script|style)|<!--|innerHTML|insertAdjacentHTML|eval\(|fetch\(|@import|url\(/i,
    );
    expect(sourceOf(name).replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:/);
  }
});

test('what a terminal shows as an escape, a page does: every unit of UTF-16', () => {
  for (let code = 0; code <= 0xffff; code++) {
    const text = `a${String.fromCharCode(code)}b`;
    if (elements.visible(text) !== visible(text)) throw new Error(`U+${code.toString(16)} is shown otherwise`);
  }
  expect(elements.visible('🐳\ud83d')).toBe(visible('🐳\ud83d'));
});

test('figures are written as on a terminal', () => {
  expect([0, 0.0004, 0.0006, 0.971, 1].map(elements.percent)).toEqual([
    '0.0 %',
    '< 0.1 %',
    '0.1 %',
    '97.1 %',
    '100.0 %',
  ]);
  expect([-0.001, 0.004, 1.5, -2].map((value) => elements.fixed(value))).toEqual(['0.00', '0.00', '1.50', '-2.00']);
  expect([-0.001, 0.004, 1.5, -2].map(elements.signed)).toEqual(['0.00', '0.00', '+1.50', '-2.00']);
});

test('arrows go round a line of choices, Home and End to its ends', () => {
  const at = (key: string) => elements.walked(key, 0, 3);
  expect(['ArrowLeft', 'ArrowRight', 'Home', 'End', 'x'].map(at)).toEqual([2, 1, 0, 2, undefined]);
  expect(elements.walked('ArrowRight', 2, 3)).toBe(0);
});
