// Begins the page: reads its data, lets the view show it, and answers what is about the whole page.

/** @type {{ walk: (by: number) => void }[]} */
const captions = [];

/** @param {string} id */
const dataOf = (id) => JSON.parse(/** @type {HTMLElement} */ (document.getElementById(id)).textContent ?? '');

/**
 * @param {(result: any, pictures: HTMLImageElement[]) => { parts: Node[], words: { walk: (by: number) => void } }} show a view: what it makes of a result
 */
function main(show) {
  Object.assign(palettes, dataOf('palettes'));
  const results = dataOf('results');
  for (const [i, section] of [...document.querySelectorAll('section.result')].entries()) {
    const pictures = /** @type {HTMLImageElement[]} */ ([...section.querySelectorAll('img')]);
    const { parts, words } = show(results[i], pictures);
    captions.push(words);
    fill(section, ...parts);
  }
  const by = [...new Set(results.map(whatRan))].join(', ');
  document.querySelector('footer p')?.append(visible(` Computed by ${by}.`));
  switchTheme();
  showData(results);
  document.addEventListener('keydown', ({ key, target, ctrlKey, metaKey, altKey }) => {
    // With nothing in focus, arrows walk through the words of the first caption.
    if (target !== document.body || ctrlKey || metaKey || altKey) return;
    if (key === 'ArrowLeft') captions[0]?.walk(-1);
    if (key === 'ArrowRight') captions[0]?.walk(1);
  });
}

/** Which model computed where, in what, and what it lacked. @param {{ model: string, device: string, precision?: string, ablated?: string[], ablated_with?: string }} result */
function whatRan({ model, device, precision, ablated, ablated_with }) {
  const without = ablated ? ` without ${ablated.join(', ')}${ablated_with === 'mean' ? ' (mean)' : ''}` : '';
  return `${model} on ${device}${precision ? ` in ${precision}` : ''}${without}`;
}

const THEMES = ['as the system', 'light', 'dark'];

function switchTheme() {
  const button = /** @type {HTMLButtonElement} */ (document.getElementById('theme'));
  let at = 0;
  const draw = () => {
    const theme = /** @type {string} */ (THEMES[at]);
    fill(button, `Colours: ${theme}`);
    if (at === 0) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  };
  button.addEventListener('click', () => {
    at = (at + 1) % THEMES.length;
    draw();
  });
  draw();
}

/** @param {unknown[]} results */
function showData(results) {
  const details = /** @type {HTMLDetailsElement} */ (document.getElementById('data'));
  details.addEventListener('toggle', () => {
    const place = /** @type {HTMLElement} */ (details.querySelector('pre'));
    // Lines are lines here; what else is no letter was escaped with the rest.
    place.replaceChildren(
      ...JSON.stringify(results, null, 1)
        .split('\n')
        .flatMap((line) => [visible(line), '\n']),
    );
  });
}
