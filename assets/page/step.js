// A search as a tree.

/**
 * @typedef {object} TreeNode
 * @property {number} id
 * @property {number} parent
 * @property {number} step
 * @property {number} beam
 * @property {{ id: number, text: string }} token
 * @property {number} logprob
 * @property {number} sum
 * @property {number} score
 * @property {'live' | 'pruned' | 'finished'} state
 * @property {number} line
 * @property {string} [why]
 * @property {string[]} [change] what was changed where its line was read, in words
 *
 * @typedef {{ line: number, step: number, token: { id: number, text: string }, parent: number, logprob: number, fate: string, node?: number }} Candidate
 * @typedef {{ line: number, from: { line: number } | null, step: number, done: boolean, best: string | null, score: number | null }} WalkLine
 */

const STEP_WIDTH = 118;
const NODE_WIDTH = 100;
const ROW_HEIGHT = 32;
const NODE_HEIGHT = 26;
/** Of a sheet of paper between its margins, in pixels of CSS. */
const SHEET_WIDTH = 660;

/** Columns of words. */
const TEXTS = new Set(['best', 'read under']);

/** Candidates that are listed of a node. */
const MOST_CANDIDATES = 10;

/**
 * @param {{ image: string, nodes: TreeNode[], best: string | null, score: number | null, ids: number[] | null, line: number, lines: WalkLine[], candidates: Candidate[] }} result
 * @param {HTMLImageElement[]} pictures
 */
function showStep({ image, nodes, best, score, ids, line, lines, candidates }, [picture]) {
  const panel = element('div', { 'aria-live': 'polite' });
  const found = ids === null ? [] : wayOf(nodes, ids, originsOf(line, lines));
  const way = new Set(found.map(({ id }) => id));
  const tree = treeOf(nodes, way);
  // What ends it is no word of a caption.
  const words = found.filter(({ state }) => state !== 'finished');
  const bestWay = words.length > 0 ? words : found;
  const caption = captionWords(
    bestWay.map((node) => ({ text: node.token.text, probability: Math.exp(node.logprob), about: 'probability' })),
    (index) => choose(/** @type {TreeNode} */ (bestWay[index])),
  );
  const buttons = new Map(nodes.map((node) => [node.id, nodeButton(node, tree, way.has(node.id))]));
  const drawn = drawing(nodes, tree, buttons, way);
  const scroller = element('div', { class: 'scroll' }, drawn);
  for (const node of nodes) buttons.get(node.id)?.addEventListener('click', () => choose(node));
  drawn.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = steppedTo(event.key, current, tree);
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
    buttons.get(next.id)?.focus();
  });
  let current = /** @type {TreeNode} */ (bestWay[0] ?? nodes[0]);
  /** @param {TreeNode} node */
  function choose(node) {
    buttons.get(current.id)?.removeAttribute('aria-selected');
    /** @type {HTMLElement} */ (buttons.get(current.id)).tabIndex = -1;
    current = node;
    const button = /** @type {HTMLElement} */ (buttons.get(node.id));
    button.setAttribute('aria-selected', 'true');
    button.tabIndex = 0;
    requestAnimationFrame(() => reveal(scroller, button, { left: 0, top: 0 }));
    const place = bestWay.indexOf(node);
    if (place >= 0) caption.choose(place);
    fill(panel, ...nodeFacts(node, tree, candidates));
  }
  caption.choose(0);
  choose(current);
  const said =
    best === null ? 'No caption: all branches were pruned.' : `Score ${fixed(/** @type {number} */ (score), 3)}. `;
  const frame = framed(/** @type {HTMLImageElement} */ (picture));
  const changes = changesOf(line, nodes);
  const seen = changes.length > 0 ? `${image} · read under ${changes.join(', ')}; the picture is shown whole` : image;
  const figure = element('figure', {}, frame, element('figcaption', {}, seen));
  const parts = [
    caption.list,
    element(
      'p',
      { class: 'hint' },
      `${said}The line under a token is its probability. Choose a token: click, or walk with the arrow keys.`,
    ),
    element('div', { class: 'columns' }, figure, panel),
    ...(lines.length > 1
      ? [element('h3', {}, 'Lines'), element('div', { class: 'scroll' }, lineTable(lines, nodes, line))]
      : []),
    element('h3', {}, 'The search: a column a step. Coloured is the way to the caption, dashed what fell.'),
    scroller,
  ];
  return { parts, words: caption };
}

/** `column`: how far from the root; tokens of a prompt are all of step 0. @typedef {{ node: Map<number, TreeNode>, children: Map<number, TreeNode[]>, row: Map<number, number>, column: Map<number, number> }} Tree */

/**
 * Each node, what follows it, and the row that it is drawn in. The way to the caption goes straight on, elsewhere what goes on longest.
 * @param {TreeNode[]} nodes
 * @param {Set<number>} way
 * @returns {Tree}
 */
function treeOf(nodes, way) {
  const node = new Map(nodes.map((one) => [one.id, one]));
  /** @type {Map<number, TreeNode[]>} */
  const children = new Map();
  for (const one of nodes) children.set(one.parent, [...(children.get(one.parent) ?? []), one]);
  /** @type {Map<number, number>} */
  const column = new Map();
  for (const { id, parent } of nodes) column.set(id, (column.get(parent) ?? -1) + 1);
  /** @type {Map<number, number>} */
  const row = new Map();
  let leaves = 0;
  /** How many follow a node, at most. @type {Map<number, number>} */
  const length = new Map();
  for (const one of [...nodes].reverse()) {
    length.set(one.id, Math.max(0, ...(children.get(one.id) ?? []).map(({ id }) => 1 + (length.get(id) ?? 0))));
  }
  for (const following of children.values()) {
    /** @param {TreeNode} one */
    const rank = ({ id }) => (way.has(id) ? Number.POSITIVE_INFINITY : (length.get(id) ?? 0));
    following.sort((x, y) => rank(y) - rank(x) || y.score - x.score);
  }
  /** @type {TreeNode[]} */
  const open = [...(children.get(-1) ?? [])].reverse();
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const parent = node.get(one.parent);
    const isFirst = parent !== undefined && children.get(parent.id)?.[0] === one;
    row.set(one.id, isFirst ? (row.get(one.parent) ?? 0) : leaves++);
    open.push(...[...(children.get(one.id) ?? [])].reverse());
  }
  return { node, children, row, column };
}

/** A line, the one that it came from, and so on. @param {number} line @param {WalkLine[]} lines */
function originsOf(line, lines) {
  const origins = [];
  for (let at = lines[line]; at !== undefined; at = lines[at.from?.line ?? -1]) origins.push(at.line);
  return origins;
}

/**
 * The nodes of a caption, without the start token. A line that was changed reads its text again, so that a token stands there twice: the line's
 * own comes first.
 * @param {TreeNode[]} nodes parents first
 * @param {number[]} ids
 * @param {number[]} origins
 */
function wayOf(nodes, ids, origins) {
  /** @type {TreeNode[]} */
  const way = [];
  let at = nodes[0];
  for (const id of ids.slice(1)) {
    const same = nodes.filter(({ parent, token }) => parent === at?.id && token.id === id);
    const own = origins.map((origin) => same.find(({ line }) => line === origin));
    const next = own.find((one) => one !== undefined);
    if (next === undefined) break;
    way.push(next);
    at = next;
  }
  return way;
}

/** @param {TreeNode} node @param {Tree} tree @param {boolean} isOnWay */
function nodeButton(node, { row, children, column }, isOnWay) {
  const { token, state, logprob, why } = node;
  const place = column.get(node.id) ?? 0;
  const title = `${token.text} · ${percent(Math.exp(logprob))} · ${state}${why === undefined ? '' : `: ${why}`}`;
  const kind = `node ${state}${isOnWay ? ' way' : ''}`;
  const attributes = { type: 'button', role: 'treeitem', 'aria-level': place + 1, class: kind, title, tabindex: -1 };
  const button = element('button', attributes, token.text || '·');
  if (children.has(node.id)) button.setAttribute('aria-expanded', 'true');
  button.style.left = `${place * STEP_WIDTH}px`;
  button.style.top = `${(row.get(node.id) ?? 0) * ROW_HEIGHT}px`;
  button.style.width = `${NODE_WIDTH}px`;
  return button;
}

/**
 * @param {TreeNode[]} nodes
 * @param {Tree} tree
 * @param {Map<number, HTMLElement>} buttons
 * @param {Set<number>} way
 */
function drawing(nodes, { node, row, column }, buttons, way) {
  const width = (Math.max(...column.values()) + 1) * STEP_WIDTH;
  const height = (Math.max(...row.values()) + 1) * ROW_HEIGHT;
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('width', String(width));
  svg.setAttribute('height', String(height));
  svg.setAttribute('aria-hidden', 'true');
  for (const { id, parent } of nodes) {
    if (!node.has(parent)) continue;
    const [x0, x1] = [(column.get(parent) ?? 0) * STEP_WIDTH + NODE_WIDTH, (column.get(id) ?? 0) * STEP_WIDTH];
    const [y0, y1] = [parent, id].map((one) => (row.get(one) ?? 0) * ROW_HEIGHT + NODE_HEIGHT / 2);
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    const middle = (x0 + x1) / 2;
    path.setAttribute('d', `M${x0} ${y0} C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}`);
    if (way.has(id)) path.setAttribute('class', 'way');
    svg.append(path);
  }
  const drawn = element('div', { class: 'tree', role: 'tree', 'aria-label': 'the search' }, svg, ...buttons.values());
  drawn.style.width = `${width}px`;
  drawn.style.height = `${height}px`;
  drawn.style.setProperty('--fit', String(Math.min(1, SHEET_WIDTH / width)));
  return drawn;
}

/** @param {string} key @param {TreeNode} current @param {Tree} tree */
function steppedTo(key, current, { node, children, row, column }) {
  if (key === 'ArrowLeft') return node.get(current.parent);
  if (key === 'ArrowRight') return children.get(current.id)?.[0];
  if (key !== 'ArrowUp' && key !== 'ArrowDown') return undefined;
  const beside = [...node.values()].filter(({ id }) => column.get(id) === column.get(current.id));
  beside.sort((x, y) => (row.get(x.id) ?? 0) - (row.get(y.id) ?? 0));
  return beside[beside.indexOf(current) + (key === 'ArrowUp' ? -1 : 1)];
}

/** What stood before a node, from the first word. @param {TreeNode} last @param {Tree} tree */
function tokensTo(last, { node }) {
  const texts = [];
  for (let at = /** @type {TreeNode | undefined} */ (last); at && at.parent >= 0; at = node.get(at.parent))
    texts.unshift(at.token.text);
  return texts.join(' ');
}

/** @param {TreeNode} chosen @param {Tree} tree @param {Candidate[]} candidates @returns {Node[]} */
function nodeFacts(chosen, tree, candidates) {
  const { token, step, beam, logprob, sum, score, state, why, change } = chosen;
  const next = candidates.filter(({ parent }) => parent === chosen.id).sort((x, y) => y.logprob - x.logprob);
  /** @type {Candidate[]} */
  const unlike = [];
  for (const one of next) if (!unlike.some((other) => other.token.id === one.token.id)) unlike.push(one);
  const rows = unlike.slice(0, MOST_CANDIDATES).map((one) => {
    const isKept = one.fate === 'live' || one.fate === 'finished';
    return {
      name: `${one.token.text || '·'}${isKept ? ' ✓' : ''}`,
      part: Math.exp(one.logprob),
      figure: percent(Math.exp(one.logprob)),
    };
  });
  return [
    element('h2', {}, token.text || '·'),
    factList([
      ['tokens', tokensTo(chosen, tree)],
      ['step, beam', `${step}, ${beam}`],
      ['probability', percent(Math.exp(logprob))],
      ['sum', `${fixed(sum)} nats`],
      ['score', fixed(score, 3)],
      ['state', why === undefined ? state : `${state}: ${why}`],
      ...(change === undefined ? [] : [/** @type {[string, string]} */ (['read under', change.join(', ')])]),
    ]),
    ...(rows.length > 0 ? [element('h3', {}, 'What could follow (✓ was kept)'), barList(rows)] : []),
  ];
}

/** What was changed where a line was read, in words. @param {number} line @param {TreeNode[]} nodes */
function changesOf(line, nodes) {
  return nodes.find((one) => one.line === line)?.change ?? [];
}

/** @param {WalkLine[]} lines @param {TreeNode[]} nodes @param {number} current */
function lineTable(lines, nodes, current) {
  const isChanged = lines.some(({ line }) => changesOf(line, nodes).length > 0);
  const names = ['line', 'steps', 'best', ...(isChanged ? ['read under'] : []), 'score'];
  const head = names.map((name) => element('th', { scope: 'col', class: TEXTS.has(name) ? 'text' : '' }, name));
  const rows = lines.map(({ line, step, best, score }) => {
    const cells = [
      element('td', {}, String(step)),
      element('td', { class: 'text' }, best ?? '-'),
      ...(isChanged ? [element('td', { class: 'text' }, changesOf(line, nodes).join(', '))] : []),
      element('td', {}, score === null ? '-' : fixed(score, 3)),
    ];
    const row = element('tr', {}, element('th', { scope: 'row' }, String(line)), ...cells);
    row.classList.toggle('chosen', line === current);
    return row;
  });
  return element(
    'table',
    { class: 'figures' },
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...rows),
  );
}
