// What the absence of every head costs each word.

/** How many heads are named of a word. */
const MOST_NAMED = 8;

/**
 * @param {{ image: string, words: { text: string, logprob: number }[], heads: { site: string, words: number[] }[], with: string }} result
 * @param {HTMLImageElement[]} pictures
 */
function showHeads({ image, words: all, heads, with: instead }, [picture]) {
  const panel = element('div', { 'aria-live': 'polite' });
  const largest = Math.max(1e-9, ...heads.flatMap(({ words: costs }) => costs.map(Math.abs)));
  /** @param {number} row @param {number} column */
  const costOf = (row, column) => /** @type {number} */ (heads[row]?.words[column]);
  let at = 0;
  const table = cellTable({
    label: 'heads and words: what the absence of a head costs a word, in nats',
    corner: 'head',
    rows: heads.map(({ site }) => site),
    columns: all.map(({ text }) => text),
    cell(row, column) {
      const cost = costOf(row, column);
      const about = `${all[column]?.text} without ${heads[row]?.site}: ${fixed(cost, 3)} nats`;
      return { text: fixed(cost), shade: (cost / largest + 1) / 2, about };
    },
    onChoose: choose,
  });
  const words = captionWords(
    all.map(({ text, logprob }) => ({ text, probability: Math.exp(logprob), about: 'probability' })),
    // The head whose absence costs this word most.
    (column) => choose(/** @type {number} */ (byCost(column)[0]), column),
  );
  /** @param {number} column */
  function byCost(column) {
    return [...heads.keys()].sort((a, b) => costOf(b, column) - costOf(a, column));
  }
  /** @param {number} row @param {number} column */
  function choose(row, column) {
    at = row;
    table.choose(at, column);
    words.choose(column);
    const { text, logprob } = /** @type {{ text: string, logprob: number }} */ (all[column]);
    const cost = costOf(row, column);
    fill(
      panel,
      element('h2', {}, text),
      factList([
        ['head', heads[row]?.site ?? ''],
        ['with it', percent(Math.exp(logprob))],
        ['without', percent(Math.exp(logprob - cost))],
        ['cost', `${fixed(cost, 3)} nats`],
      ]),
      element('h3', {}, 'Costs it most'),
      barList(
        byCost(column)
          .slice(0, MOST_NAMED)
          .map((head) => ({
            name: heads[head]?.site ?? '',
            part: costOf(head, column) / largest,
            figure: signed(costOf(head, column)),
          })),
      ),
      element('h3', {}, image),
      framed(copyOf(/** @type {HTMLImageElement} */ (picture))),
    );
  }
  const first = heads[0]?.words ?? [];
  choose(0, first.indexOf(Math.max(...first)));
  const what = `Nats that a word loses without a head (${instead} in its place), the head with the largest cost first.`;
  const left = element(
    'div',
    {},
    table.element,
    legend('probability', 'gains most without it', 'loses most'),
    element('p', { class: 'note' }, what),
  );
  const parts = [
    words.list,
    element('p', { class: 'hint' }, 'Choose a word or a cell: click, or walk with the arrow keys.'),
    element('div', { class: 'columns table-first' }, left, panel),
  ];
  return { parts, words };
}
