import { percent } from '../caption-view.js';
import { bar, padEnd, truncate, widthOf } from '../layout.js';
import { painter, shade } from '../palette.js';
import type { Colors } from '../terminal.js';
import type { TraceSource } from './source.js';
import type { TraceState } from './state.js';

const NOTHING = 'nothing to bring back';
const NOT_YET = 'not traced yet';
const CURRENT = '>';
/** Of the widest share: -1.23. */
const SHARE = 5;

/** A share with two digits. */
const shareText = (share: number): string => share.toFixed(2).padStart(SHARE);

/** A share on its colour; without colours the figure alone. */
function shareCell(share: number, colors: Colors): string {
  const text = ` ${shareText(share)} `;
  return colors === 'none' ? text : shade(text, share, colors);
}

/** Where most came back. */
function best(shares: readonly number[]): number {
  return shares.indexOf(Math.max(...shares));
}

/** What is known of the word, and for each layer the most that came back: the current one marked, those around it where they are many. */
export function panelLines(
  source: TraceSource,
  { word, site }: Pick<TraceState, 'word' | 'site'>,
  { columns, rows, colors }: { readonly columns: number; readonly rows: number; readonly colors: Colors },
): string[] {
  const paint = painter(colors);
  const { text, probability } = source.words[word]!;
  const head = [
    paint.bold(truncate(text, columns)),
    `under A ${percent(probability)} %  under B ${percent(source.under[word]!)} %`,
    '',
  ];
  const foot = ['', ...whereLines(source, word, site), '', `A ${source.from}`, `B ${source.to}`, source.model];
  const count = Math.max(1, Math.min(source.sites.length, rows - head.length));
  const first = Math.max(0, Math.min(site - Math.floor(count / 2), source.sites.length - count));
  const name = Math.max(...source.sites.map((one) => one.site.length));
  const room = Math.max(0, Math.min(20, columns - name - SHARE - 4));
  const sites = source.sites.slice(first, first + count).map((one, i) => {
    const isCurrent = first + i === site;
    const line = `${isCurrent ? CURRENT : ' '} ${one.site.padEnd(name)} ${figureOf(source.restored(word, first + i), room)}`;
    return isCurrent ? paint.bold(line) : line;
  });
  const lines = [...head, ...sites, ...foot.map((line) => paint.dim(truncate(line, columns)))];
  return lines.slice(0, rows).map((line, i) => (i === 1 ? truncate(line, columns) : line));
}

/** The most that came back, with a bar; three dots where it is not known yet, nothing where there is nothing to bring back. */
function figureOf(shares: readonly number[] | null | undefined, room: number): string {
  if (shares === undefined) return '…'.padStart(SHARE);
  if (shares === null) return '';
  const most = Math.max(...shares);
  return `${shareText(most)} ${bar(most, room)}`;
}

/** Where most came back, in words. */
function whereLines(source: TraceSource, word: number, site: number): string[] {
  const shares = source.restored(word, site);
  if (shares === undefined) return [NOT_YET];
  if (shares === null) return [NOTHING];
  const at = best(shares);
  const { places } = source.sites[site]!;
  const { grid, tokens } = source;
  switch (places) {
    case 'patches':
      return [
        `most around x ${(((at % grid) + 0.5) / grid).toFixed(2)} y ${((Math.floor(at / grid) + 0.5) / grid).toFixed(2)}`,
      ];
    case 'image tokens':
      return [`most at image token ${at} of ${shares.length}`];
    case 'rows':
      return [`most at ${at}: "${tokens[at]}"`];
  }
}

/** Positions of the caption down, layers of the decoder across; the current layer's head and the rows that predict the word are marked. */
export function rowTable(
  source: TraceSource,
  { word, site }: Pick<TraceState, 'word' | 'site'>,
  { columns, rows, colors }: { readonly columns: number; readonly rows: number; readonly colors: Colors },
): string[] {
  const paint = painter(colors);
  const layers = [...source.sites.keys()].filter((i) => source.sites[i]!.places === 'rows');
  const label = Math.min(14, Math.max(8, ...source.tokens.map((token) => widthOf(token) + 4)));
  const cell = Math.max(SHARE + 2, ...layers.map((i) => source.sites[i]!.site.length + 2));
  const fits = Math.max(1, Math.floor((columns - label) / cell));
  const at = Math.max(0, layers.indexOf(site));
  const first = Math.max(0, Math.min(at - Math.floor(fits / 2), layers.length - fits));
  const shown = layers.slice(first, first + fits);
  const heads = shown.map((i) => {
    const name = truncate(source.sites[i]!.site, cell - 1).padStart(cell - 1);
    return i === site ? paint.bold(`${CURRENT}${name.trimStart()}`.padStart(cell)) : ` ${name}`;
  });
  const own = source.predictedAt[word]!;
  const count = Math.max(1, rows - 1);
  const from = Math.max(0, Math.min((own[0] ?? 0) - Math.floor(count / 2), source.tokens.length - count));
  const body = source.tokens.slice(from, from + count).map((token, i) => {
    const position = from + i;
    const isOwn = own.includes(position);
    const name = `${isOwn ? CURRENT : ' '}${String(position).padStart(2)} ${token}`;
    const cells = shown.map((layer) => {
      const shares = source.restored(word, layer);
      return !shares ? ' '.repeat(cell) : `${' '.repeat(cell - SHARE - 2)}${shareCell(shares[position]!, colors)}`;
    });
    const text = padEnd(truncate(name, label), label);
    return (isOwn ? paint.bold(text) : text) + cells.join('');
  });
  return [`${padEnd('read', label)}${heads.join('')}`, ...body].slice(0, rows);
}

/** The image tokens by what they bring back, most first. */
export function tokenTable(
  source: TraceSource,
  { word, site }: Pick<TraceState, 'word' | 'site'>,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string[] {
  const shares = source.restored(word, site);
  if (shares === undefined) return [NOT_YET];
  if (shares === null) return [NOTHING];
  const order = [...shares.keys()].sort((a, b) => shares[b]! - shares[a]!);
  const room = Math.max(0, Math.min(30, columns - 15));
  return [
    'image token',
    ...order
      .slice(0, Math.max(0, rows - 1))
      .map((token) =>
        truncate(`${String(token).padStart(6)} ${shareText(shares[token]!)} ${bar(shares[token]!, room)}`, columns),
      ),
  ].slice(0, rows);
}
