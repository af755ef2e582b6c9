// Where a word is carried between two pictures.

/** @typedef {{ site: string, shares: (number | null)[] }} Layer */

/**
 * @param {{ from: string, to: string, word: string, window: number, grid: [number, number], words: { text: string, from: number, to: number }[], positions: string[], sites: { site: string, position: number, restored: number | null }[] }} result
 * @param {HTMLImageElement[]} pictures
 */
function showTrace({ from, to, word, window, grid, words: all, positions, sites }, [a, b]) {
  const layers = layersOf(sites);
  const stage = element('div', {});
  const panel = element('div', { 'aria-live': 'polite' });
  const buttons = layers.map(({ site, shares }) => {
    const most = best(shares);
    const figure = most === null ? '-' : fixed(most.share);
    return element(
      'button',
      { type: 'button', class: 'site' },
      element('span', { class: 'name' }, site),
      bar(most?.share ?? 0),
      element('span', {}, figure),
    );
  });
  const list = choices('layers, and the most that comes back at each', 'sites', buttons, chooseLayer);
  const decoder = layers.filter(({ site }) => site.startsWith('cross.'));
  const table = cellTable({
    label: 'positions of the caption and layers of the decoder: what comes back',
    corner: 'read',
    rows: positions.map((text, i) => `${i} ${text}`),
    columns: decoder.map(({ site }) => site),
    cell(row, column) {
      const share = decoder[column]?.shares[row] ?? null;
      const about = `${decoder[column]?.site} at ${row}, ${positions[row]}: ${share === null ? 'nothing to bring back' : fixed(share)}`;
      return { text: share === null ? '-' : fixed(share), shade: share, about };
    },
    onChoose(row, column) {
      chooseLayer(layers.indexOf(/** @type {Layer} */ (decoder[column])), row);
    },
  });
  /** @param {number} index @param {number} [row] of the table; without it, where most comes back */
  function chooseLayer(index, row) {
    list.choose(index);
    const layer = /** @type {Layer} */ (layers[index]);
    const { site, shares } = layer;
    const column = decoder.indexOf(layer);
    if (column >= 0) table.choose(row ?? best(shares)?.at ?? 0, column);
    const isMap = site.startsWith('vision.') && shares.some((share) => share !== null && share > 0);
    fill(stage, framed(/** @type {HTMLImageElement} */ (b), isMap ? mapOf(shares, grid) : undefined));
    fill(panel, ...where(site, shares, grid, positions));
  }
  const words = captionWords(
    all.map(({ text, from: under }) => ({ text, probability: Math.exp(under), about: 'probability under A' })),
    chooseWord,
  );
  const facts = element('div', { 'aria-live': 'polite' });
  /** @param {number} index */
  function chooseWord(index) {
    words.choose(index);
    const { text, from: under, to: other } = /** @type {{ text: string, from: number, to: number }} */ (all[index]);
    fill(
      facts,
      element('h2', {}, text),
      factList([
        ['under A', percent(Math.exp(under))],
        ['under B', percent(Math.exp(other))],
        ['B costs it', `${fixed(under - other)} nats`],
      ]),
    );
  }
  chooseWord(tracedOf(all, word));
  const maps = layers.filter(({ site }) => site.startsWith('vision.'));
  const most = maps.map(({ shares }) => best(shares)?.share ?? 0);
  chooseLayer(layers.length - 1);
  chooseLayer(Math.max(0, most.indexOf(Math.max(...most))));
  const pictures = element(
    'div',
    { class: 'pair' },
    element('figure', {}, framed(/** @type {HTMLImageElement} */ (a)), element('figcaption', {}, `A · ${from}`)),
    element(
      'figure',
      {},
      stage,
      element('figcaption', {}, `B · ${to} · patches are put back ${window} × ${window} at a time`),
    ),
  );
  const parts = [
    words.list,
    element(
      'p',
      { class: 'hint' },
      `Traced is the word “${word}”: the share of its log-probability that comes back under B when what A had is put back at one place. 0 is as under B, 1 as under A. Words, layers and cells: click, or walk with the arrow keys.`,
    ),
    pictures,
    legend('heat', 'nothing', 'most comes back'),
    element(
      'div',
      { class: 'columns even' },
      element('div', {}, element('h3', {}, 'Layers, and the most that comes back'), list.list, panel),
      element(
        'div',
        {},
        facts,
        element('h3', {}, 'Positions of the caption'),
        table.element,
        legend('probability', 'as under B', 'as under A'),
      ),
    ),
  ];
  return { parts, words };
}

/** @param {{ site: string, position: number, restored: number | null }[]} sites @returns {Layer[]} */
function layersOf(sites) {
  /** @type {Map<string, (number | null)[]>} */
  const layers = new Map();
  for (const { site, position, restored } of sites) {
    const shares = layers.get(site) ?? [];
    shares[position] = restored;
    layers.set(site, shares);
  }
  return [...layers].map(([site, shares]) => ({ site, shares }));
}

/** Of words of that name the one that B costs most. @param {{ text: string, from: number, to: number }[]} words @param {string} traced */
function tracedOf(words, traced) {
  const costs = words.map(({ text, from, to }) => (text === traced ? from - to : -Infinity));
  return Math.max(0, costs.indexOf(Math.max(...costs)));
}

/** @param {(number | null)[]} shares */
function best(shares) {
  const known = shares.map((share) => share ?? -Infinity);
  const share = Math.max(...known);
  return share === -Infinity ? null : { share, at: known.indexOf(share) };
}

/** Shares of patches as rows of a map: what goes against the word is 0. @param {(number | null)[]} shares @param {[number, number]} grid */
function mapOf(shares, [rows, columns]) {
  return Array.from({ length: rows }, (_, row) =>
    shares.slice(row * columns, (row + 1) * columns).map((share) => Math.max(0, share ?? 0)),
  );
}

/** Image tokens that are listed. */
const MOST_TOKENS = 12;

/**
 * Where most came back.
 * @param {string} site
 * @param {(number | null)[]} shares
 * @param {[number, number]} grid
 * @param {string[]} positions
 * @returns {Node[]}
 */
function where(site, shares, [rows, columns], positions) {
  const most = best(shares);
  if (most === null) return [element('p', {}, 'Both pictures make the word as likely: nothing to bring back.')];
  const { share, at } = most;
  if (site === 'image') {
    const order = [...shares.keys()].sort((i, j) => (shares[j] ?? 0) - (shares[i] ?? 0)).slice(0, MOST_TOKENS);
    const list = order.map((token) => ({
      name: `token ${token}`,
      part: shares[token] ?? 0,
      figure: fixed(shares[token] ?? 0),
    }));
    return [
      element('h3', {}, `Image tokens, the ${list.length} of ${shares.length} that bring back most`),
      barList(list),
    ];
  }
  const place = site.startsWith('vision.')
    ? `around x ${fixed(((at % columns) + 0.5) / columns)} y ${fixed((Math.floor(at / columns) + 0.5) / rows)}`
    : `at position ${at}, after “${positions[at]}”`;
  return [element('p', {}, `${site}: ${fixed(share)} comes back ${place}.`)];
}
