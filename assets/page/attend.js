// Where each word looks.

/**
 * @typedef {object} AttendToken
 * @property {string} text
 * @property {number} logprob
 * @property {number[][]} map
 * @property {{ x: number, y: number }} peak
 * @property {number} entropy
 * @property {boolean} flat
 * @property {number[]} [from]
 */

/**
 * @param {{ image: string, method: string, layer?: number | string | null, head?: number | string | null, window?: number, grid: number[], tokens: AttendToken[] }} result
 * @param {HTMLImageElement[]} pictures
 */
function showAttend({ image, method, layer, head, window, grid, tokens }, [picture]) {
  const square = /** @type {HTMLImageElement} */ (picture);
  const stage = element('div', {});
  const panel = element('div', { 'aria-live': 'polite' });
  const strength = element('input', {
    type: 'range',
    min: 0,
    max: 1,
    step: 0.05,
    value: 0.75,
    'aria-label': 'opacity of the map',
  });
  let at = 0;
  const draw = () => {
    const token = /** @type {AttendToken} */ (tokens[at]);
    const frame = framed(square, token.flat ? undefined : token.map, Number(strength.value));
    if (!token.flat) {
      const peak = element('span', { class: 'peak', title: 'the peak' });
      peak.style.left = `${100 * token.peak.x}%`;
      peak.style.top = `${100 * token.peak.y}%`;
      frame.append(peak);
    }
    fill(stage, frame);
    fill(
      panel,
      element('h2', {}, token.text),
      factList(factsOf(token, method, layer, head, window)),
      ...owed(tokens, at),
    );
  };
  strength.addEventListener('input', draw);
  const words = captionWords(
    tokens.map(({ text, logprob }) => ({ text, probability: Math.exp(logprob), about: 'probability' })),
    choose,
  );
  const thumbs = tokens.map((token, i) => {
    const frame = framed(copyOf(square), token.flat ? undefined : token.map);
    // What it does the word above does, too: for those who read with their ears it is there once.
    const button = element(
      'button',
      { type: 'button', tabindex: -1, 'aria-hidden': 'true' },
      frame,
      element('span', {}, token.flat ? `${token.text} (flat)` : token.text),
    );
    button.addEventListener('click', () => choose(i));
    return button;
  });
  /** @param {number} index */
  function choose(index) {
    at = index;
    words.choose(index);
    for (const [i, thumb] of thumbs.entries()) thumb.classList.toggle('chosen', i === index);
    draw();
  }
  choose(0);
  const opacity = element('label', {}, 'map', strength);
  const figure = element(
    'figure',
    {},
    stage,
    legend('heat', 'low', 'peak', opacity),
    element(
      'figcaption',
      {},
      `${image} · the square that the model sees, ${grid.join(' × ')} patches; each map relative to its own peak`,
    ),
  );
  const parts = [
    words.list,
    element(
      'p',
      { class: 'hint' },
      'Choose a word: click, or walk with the arrow keys. The line under a word is its probability.',
    ),
    element('div', { class: 'columns' }, figure, panel),
    ...(tokens.length > 1 ? [element('h3', {}, 'All words'), element('div', { class: 'thumbs' }, ...thumbs)] : []),
  ];
  return { parts, words };
}

/**
 * @param {AttendToken} token
 * @param {string} method
 * @param {number | string | null | undefined} layer
 * @param {number | string | null | undefined} head
 * @param {number | undefined} window
 */
function factsOf({ logprob, peak, entropy, flat }, method, layer, head, window) {
  /** @type {(readonly [string, string])[]} */
  const facts = [
    ['probability', percent(Math.exp(logprob))],
    ['peak', flat ? 'none: flat map' : `x ${fixed(peak.x)}  y ${fixed(peak.y)}`],
    ['entropy', `${fixed(entropy)} nats`],
    ['method', method],
  ];
  // Not every method has layers.
  if (typeof layer === 'number' || typeof layer === 'string')
    facts.push(['layer', String(layer)], ['head', String(head)]);
  if (window !== undefined) facts.push(['window', `${window} × ${window} patches`]);
  return facts;
}

/** What a word owes to those before it, where that was computed. @param {AttendToken[]} tokens @param {number} at @returns {Node[]} */
function owed(tokens, at) {
  const { from } = /** @type {AttendToken} */ (tokens[at]);
  if (from === undefined || from.length === 0) return [];
  const most = Math.max(...from.map(Math.abs), 1e-9);
  // Of a word that is shown alone, those before it are not in the page.
  const rows = from.map((fall, i) => ({
    name: tokens.length > 1 ? (tokens[i]?.text ?? '') : `word ${i + 1}`,
    part: fall / most,
    figure: signed(fall),
  }));
  return [element('h3', {}, 'Owes to the words before it, nats'), barList(rows)];
}
