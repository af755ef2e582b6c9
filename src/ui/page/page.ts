import { createHash } from 'node:crypto';
import { escapeUTF8 } from 'entities';
import { probabilityColor } from '../palette.js';
import { heatColor } from '../picture/heat.js';
import { safeJson, visible } from '../text.js';

/** What a page can show: the commands that have one, by their names. */
export type PageView = 'attend' | 'ground' | 'lens' | 'heads' | 'trace' | 'step';

/** A picture as it lies in a page: the square that the model sees. */
export interface PagePicture {
  readonly name: string;
  readonly png: Uint8Array;
  /** Its side in pixels. */
  readonly size: number;
}

/** A result as a page takes it: the object that `--json` prints, and the pictures that it is about. */
export interface PageResult {
  readonly object: object;
  readonly pictures: readonly PagePicture[];
}

/** What is the same in every page of a view. */
export interface PageParts {
  readonly style: string;
  /** Scripts, one after the other, with the function that shows a result of the view: showAttend. */
  readonly script: string;
  readonly version: string;
}

/** How many colours of a scale a page is given: finer steps are not seen. */
const STEPS = 64;

/**
 * A page for a browser that has everything in it: it asks for nothing from anywhere, and its policy forbids it to. It holds the very JSON of
 * its results; what stands in that (names, captions, tokens) never becomes markup or script. Its own script alone may run, by its hash.
 */
export function htmlPage(
  view: PageView,
  results: readonly PageResult[],
  { style, script, version }: PageParts,
): string {
  const show = `show${view[0]!.toUpperCase()}${view.slice(1)}`;
  const code = `'use strict';\n${script}\nmain(${show});\n`;
  const hash = createHash('sha256').update(code).digest('base64');
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`;
  const names = results.flatMap(({ pictures }) => pictures.map(({ name }) => name));
  return [
    '<!doctype html>',
    `<html lang="en" data-view="${view}">`,
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${text(`${names.join(', ')} · coca ${view}`)}</title>`,
    // Without one, a browser asks the server for it.
    '<link rel="icon" href="data:,">',
    `<style>\n${style}</style>`,
    '</head>',
    '<body>',
    `<header class="top"><p class="brand"><b>coca</b> ${view}</p><button type="button" id="theme"></button></header>`,
    '<main>',
    ...results.map(sectionOf),
    '</main>',
    '<noscript><p class="note">This page shows its pictures only: words and tables need JavaScript, which lies in it too.</p></noscript>',
    `<footer><p>Made by coca ${text(version)}.</p><details id="data"><summary>The data of this page, as JSON</summary><pre tabindex="0"></pre></details></footer>`,
    dataScript('results', `[\n${results.map(({ object }) => embeddedJson(object)).join(',\n')}\n]\n`),
    dataScript('palettes', embeddedJson({ heat: colors(heatColor), probability: colors(probabilityColor) })),
    `<script>${code}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** `value` as JSON that a script element can hold: without a bracket nothing in it can end the element or open a comment. */
export function embeddedJson(value: unknown): string {
  return safeJson(value).replaceAll('<', '\\u003c');
}

const text = (value: string): string => escapeUTF8(visible(value));

const dataScript = (id: string, json: string): string => `<script type="application/json" id="${id}">${json}</script>`;

function sectionOf({ pictures }: PageResult): string {
  const images = pictures.map(({ name, png, size }) => {
    const source = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
    return `<img src="${source}" width="${size}" height="${size}" alt="${text(name)}">`;
  });
  return `<section class="result">${images.join('')}</section>`;
}

const colors = (colorOf: (value: number) => readonly number[]): string[] =>
  Array.from({ length: STEPS }, (_, i) => {
    const channels = colorOf(i / (STEPS - 1)).map((channel) => channel.toString(16).padStart(2, '0'));
    return `#${channels.join('')}`;
  });
