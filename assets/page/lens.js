// What each layer would say.

/**
 * @typedef {object} LensCell
 * @property {number} rank
 * @property {number} probability
 * @property {number} entropy
 * @property {{ id: number, text: string, probability: number }[]} top
 */

/**
 * @param {{ image: string, positions: string[], predicts: string[], names: string[], layers: LensCell[][] }} result
 * @param {HTMLImageElement[]} pictures
 */
function showLens({ image, positions, predicts, names, layers }, [picture]) {
  const panel = element('div', { 'aria-live': 'polite' });
  /** @param {number} row @param {number} column */
  const cellOf = (row, column) => /** @type {LensCell} */ (layers[row]?.[column]);
  const last = layers.length - 1;
  let at = last;
  const table = cellTable({
    label: 'layers and words: what each layer would say',
    corner: 'layer',
    rows: names,
    columns: predicts,
    cell(row, column) {
      const { top, rank } = cellOf(row, column);
      const best = /** @type {LensCell['top'][number]} */ (top[0]);
      const text = visible(best.text) || '·';
      const about = `${names[row]}: ${text}, ${percent(best.probability)}`;
      return { text, shade: best.probability, isMarked: rank === 1, about };
    },
    onChoose: choose,
  });
  const words = captionWords(
    predicts.map((text, column) => ({ text, probability: cellOf(last, column).probability, about: 'probability' })),
    (column) => choose(at, column),
  );
  /** @param {number} row @param {number} column */
  function choose(row, column) {
    at = row;
    table.choose(row, column);
    words.choose(column);
    const { rank, probability, entropy, top } = cellOf(row, column);
    const word = /** @type {string} */ (predicts[column]);
    const name = /** @type {string} */ (names[row]);
    const layer =
      row === last ? `${name}: what the model says` : row === 0 ? `${name}: before the picture is seen` : name;
    fill(
      panel,
      element('h2', {}, word),
      factList([
        ['layer', layer],
        ['read last', positions[column] ?? ''],
        ['probability', percent(probability)],
        ['rank', String(rank)],
        ['entropy', `${fixed(entropy)} nats`],
      ]),
      element('h3', {}, 'Would say'),
      barList(top.map((one) => ({ name: one.text || '·', part: one.probability, figure: percent(one.probability) }))),
      element('h3', {}, image),
      framed(copyOf(/** @type {HTMLImageElement} */ (picture))),
    );
  }
  choose(last, 0);
  const left = element(
    'div',
    {},
    table.element,
    legend('probability', 'improbable', 'certain'),
    element('p', { class: 'note' }, "Underlined: the caption's own word. The last row is what the model says."),
  );
  const parts = [
    words.list,
    element('p', { class: 'hint' }, 'Choose a word or a cell: click, or walk with the arrow keys.'),
    element('div', { class: 'columns table-first' }, left, panel),
  ];
  return { parts, words };
}
