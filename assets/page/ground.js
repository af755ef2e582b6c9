// Which words are seen and which are guessed.

/**
 * @typedef {object} GroundWord
 * @property {string} text
 * @property {number} logprob
 * @property {number} without
 * @property {number} gain
 * @property {number} drop
 * @property {number} mass
 * @property {number} similarity
 * @property {number | null} grounded
 */

/** @type {(readonly [name: string, meaning: string, text: (word: GroundWord) => string])[]} */
const FIGURES = [
  ['gain', 'nats that the picture adds to it', ({ gain }) => signed(gain)],
  ['drop', 'nats it loses when the part of the picture where it looks is blanked', ({ drop }) => signed(drop)],
  ['log p', 'its log-probability under the picture', ({ logprob }) => fixed(logprob)],
  ['without', 'the same under a picture of nothing in particular', ({ without }) => fixed(without)],
  ['similarity', 'how much the cosine of picture and caption falls without it', ({ similarity }) => signed(similarity)],
  ['mass', 'how much of its map lies in one fifth of the picture', ({ mass }) => `${Math.round(100 * mass)} %`],
];

/**
 * @param {{ image: string, words: GroundWord[], grounded: number | null, calibrated: boolean }} result
 * @param {HTMLImageElement[]} pictures
 */
function showGround({ image, words: all, grounded, calibrated }, [picture]) {
  const panel = element('div', { 'aria-live': 'polite' });
  const rows = all.map((word, i) => {
    const seen = word.grounded;
    const chance = seen === null ? [] : [element('td', { class: 'seen' }, bar(seen), percent(seen))];
    const figures = FIGURES.map(([, , text]) => element('td', {}, text(word)));
    const row = element('tr', {}, element('th', { scope: 'row' }, word.text), ...chance, ...figures);
    row.addEventListener('click', () => choose(i));
    return row;
  });
  const words = captionWords(
    all.map(({ text, grounded: seen }) => ({
      text,
      probability: seen,
      about: seen === null ? text : 'true of the picture',
    })),
    choose,
  );
  /** @param {number} index */
  function choose(index) {
    words.choose(index);
    const word = /** @type {GroundWord} */ (all[index]);
    for (const [i, row] of rows.entries()) row.classList.toggle('chosen', i === index);
    const seen = word.grounded;
    const verdict =
      seen === null ? 'Not calibrated for this model: no probability.' : `${percent(seen)} likely true of the picture`;
    const facts = FIGURES.map(([name, meaning, text]) => /** @type {const} */ ([name, `${text(word)} · ${meaning}`]));
    fill(
      panel,
      element('h2', {}, word.text),
      ...(seen === null ? [] : [bar(seen)]),
      element('p', {}, verdict),
      factList(facts),
    );
  }
  const heads = [...(calibrated ? ['seen'] : []), ...FIGURES.map(([name]) => name)];
  const head = element(
    'tr',
    {},
    element('th', { scope: 'col' }, 'word'),
    ...heads.map((name) => element('th', { scope: 'col' }, name)),
  );
  const table = element('table', { class: 'figures' }, element('thead', {}, head), element('tbody', {}, ...rows));
  // One that is more likely wrong than right is looked at first.
  const chances = all.map(({ grounded: seen }) => seen ?? 1);
  choose(Math.min(...chances) < DOUBT ? chances.indexOf(Math.min(...chances)) : 0);
  const whole =
    grounded === null
      ? 'Not calibrated for this model.'
      : `All of it true: ${percent(grounded)}. What is underlined is more likely wrong than right.`;
  const frame = framed(/** @type {HTMLImageElement} */ (picture));
  const parts = [
    words.list,
    element('p', { class: 'hint' }, `${whole} Choose a word: click, or walk with the arrow keys.`),
    element('div', { class: 'columns' }, element('figure', {}, frame, element('figcaption', {}, image)), panel),
    element('h3', {}, 'All words'),
    element('div', { class: 'scroll' }, table),
  ];
  return { parts, words };
}
