// A table of coloured cells, which arrows walk through.

/**
 * @typedef {object} Cell
 * @property {string} text
 * @property {number | null} shade from 0, the lowest, to 1; nothing for a cell without a value
 * @property {boolean} [isMarked]
 * @property {string} about what a reader that sees no colours is told
 */

/**
 * @param {object} table
 * @param {string} table.label
 * @param {string} table.corner what the rows are
 * @param {string[]} table.rows
 * @param {string[]} table.columns
 * @param {(row: number, column: number) => Cell} table.cell
 * @param {(row: number, column: number) => void} table.onChoose
 */
function cellTable({ label, corner, rows, columns, cell, onChoose }) {
  const heads = columns.map((name) => element('th', { scope: 'col' }, name));
  const labels = rows.map((name) => element('th', { scope: 'row' }, name));
  const cells = rows.map((_, row) =>
    columns.map((_, column) => {
      const { text, shade, isMarked = false, about } = cell(row, column);
      const made = element('td', { role: 'gridcell', tabindex: -1, 'aria-label': about, title: about }, text);
      made.classList.toggle('marked', isMarked);
      if (shade !== null) {
        const color = colorOf('probability', shade);
        made.style.background = color;
        made.style.color = inkOn(color);
      }
      made.addEventListener('click', () => onChoose(row, column));
      return made;
    }),
  );
  const head = element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, corner), ...heads));
  const body = element('tbody', {}, ...labels.map((name, row) => element('tr', {}, name, ...(cells[row] ?? []))));
  const grid = element('table', { role: 'grid', 'aria-label': label }, head, body);
  const at = { row: 0, column: 0 };
  grid.style.setProperty('--fit', String(Math.min(1, SHEET_COLUMNS / columns.length)));
  const scroller = element('div', { class: 'scroll' }, grid);
  const current = () => /** @type {HTMLElement} */ (cells[at.row]?.[at.column]);
  /** @param {number} row @param {number} column */
  const choose = (row, column) => {
    current().removeAttribute('aria-selected');
    current().tabIndex = -1;
    Object.assign(at, { row, column });
    current().setAttribute('aria-selected', 'true');
    current().tabIndex = 0;
    // Where it is is known once it is drawn.
    requestAnimationFrame(() => {
      reveal(scroller, current(), { left: labels[row]?.offsetWidth ?? 0, top: head.offsetHeight });
    });
    for (const [i, th] of heads.entries()) th.classList.toggle('current', i === column);
    for (const [i, th] of labels.entries()) th.classList.toggle('current', i === row);
  };
  grid.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = steppedIn(event.key, at, rows.length, columns.length);
    if (next === undefined) return;
    event.preventDefault();
    onChoose(next.row, next.column);
    current().focus();
  });
  return { element: scroller, choose };
}

/** Columns that a sheet of paper has room for. */
const SHEET_COLUMNS = 16;
const PAGE = 10;

/** @param {string} key @param {{ row: number, column: number }} at @param {number} rows @param {number} columns */
function steppedIn(key, { row, column }, rows, columns) {
  /** @param {number} value @param {number} count */
  const within = (value, count) => Math.min(count - 1, Math.max(0, value));
  switch (key) {
    case 'ArrowLeft':
      return { row, column: within(column - 1, columns) };
    case 'ArrowRight':
      return { row, column: within(column + 1, columns) };
    case 'ArrowUp':
      return { row: within(row - 1, rows), column };
    case 'ArrowDown':
      return { row: within(row + 1, rows), column };
    case 'PageUp':
      return { row: within(row - PAGE, rows), column };
    case 'PageDown':
      return { row: within(row + PAGE, rows), column };
    case 'Home':
      return { row, column: 0 };
    case 'End':
      return { row, column: columns - 1 };
    default:
      return undefined;
  }
}
