// What every view is made of. Text from files, models and file names is text here, too: it is shown, and never markup.

/** The controls and directions that the terminal shows as escapes (src/ui/text.ts), by the same rule. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/gu;
const LONE_SURROGATE = /\p{Surrogate}/gu;
/** @type {Record<string, string>} */
const SHORT = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * @param {string} text
 * @returns {string}
 */
function visible(text) {
  /** @param {string} char @param {number} digits */
  const hex = (char, digits) => char.charCodeAt(0).toString(16).padStart(digits, '0');
  return text
    .replace(UNSAFE, (char) => SHORT[char] ?? (char <= '\x7f' ? `\\x${hex(char, 2)}` : `\\u${hex(char, 4)}`))
    .replace(LONE_SURROGATE, (char) => {
      const code = char.charCodeAt(0);
      return code >= 0xdc80 && code <= 0xdcff ? `\\x${(code - 0xdc00).toString(16)}` : `\\u${hex(char, 4)}`;
    });
}

/**
 * An element. Attributes of false are left out; texts among the children are shown as `visible` has them.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | number | boolean>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(name, visible(String(value)));
  }
  fill(made, ...children);
  return made;
}

/**
 * @param {Element} parent
 * @param {...(Node | string)} children
 */
function fill(parent, ...children) {
  parent.replaceChildren(...children.map((child) => (typeof child === 'string' ? visible(child) : child)));
}

/**
 * Facts as a list of terms and values.
 * @param {(readonly [term: string, value: string])[]} facts
 */
function factList(facts) {
  const items = facts.flatMap(([term, value]) => [element('dt', {}, term), element('dd', {}, value)]);
  return element('dl', { class: 'facts' }, ...items);
}

/** @param {number} part of the whole: from 0 to 1 */
function bar(part) {
  const inner = element('i', {});
  inner.style.width = `${100 * Math.min(1, Math.max(0, part))}%`;
  return element('span', { class: 'bar', 'aria-hidden': 'true' }, inner);
}

/**
 * Names with bars and figures.
 * @param {{ name: string, part: number, figure: string }[]} rows
 */
function barList(rows) {
  const items = rows.map(({ name, part, figure }) =>
    element('li', {}, element('span', { class: 'name', title: name }, name), bar(part), element('span', {}, figure)),
  );
  return element('ul', { class: 'bars' }, ...items);
}

/** "97.1 %"; below a thousandth only that it is. @param {number} probability */
function percent(probability) {
  return probability > 0 && probability < 0.0005 ? '< 0.1 %' : `${(probability * 100).toFixed(1)} %`;
}

/** No "-0.00". @param {number} value @param {number} [digits] */
function fixed(value, digits = 2) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text;
}

/** @param {number} value */
function signed(value) {
  const text = fixed(value);
  return Number(text) > 0 ? `+${text}` : text;
}

/** @type {{ heat: string[], probability: string[] }} */
const palettes = { heat: [], probability: [] };

/** @param {'heat' | 'probability'} name @param {number} value from 0 to 1 */
function colorOf(name, value) {
  const palette = palettes[name];
  return /** @type {string} */ (palette[Math.round(Math.min(1, Math.max(0, value)) * (palette.length - 1))]);
}

/** Black or white, whichever has more contrast on a colour (WCAG 2, relative luminance): 4.5 to 1 at least. @param {string} color */
function inkOn(color) {
  const [r, g, b] = channelsOf(color).map((byte) => {
    const value = byte / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * Number(r) + 0.7152 * Number(g) + 0.0722 * Number(b);
  return 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 ? '#fff' : '#000';
}

/** @param {string} color as #rrggbb @returns {[number, number, number]} */
function channelsOf(color) {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/**
 * The scale of a palette, with what its ends mean.
 * @param {'heat' | 'probability'} name
 * @param {string} low
 * @param {string} high
 * @param {...Node} more
 */
function legend(name, low, high, ...more) {
  const scale = element('span', { class: 'scale', 'aria-hidden': 'true' });
  scale.style.background = `linear-gradient(to right, ${palettes[name].filter((_, i) => i % 7 === 0).join(', ')})`;
  return element('div', { class: 'legend' }, element('span', {}, low), scale, element('span', {}, high), ...more);
}

/** Pixels of a map's side for each of its patches: the browser smooths the rest. */
const FINE = 12;

/**
 * A map drawn relative to its own highest value. Between the centres of patches values go on in straight lines.
 * @param {number[][]} rows values, none below 0
 * @param {number} opacity where it is highest
 */
function mapCanvas(rows, opacity) {
  const across = /** @type {number[]} */ (rows[0]).length;
  const canvas = element('canvas', { width: across * FINE, height: rows.length * FINE, 'aria-hidden': 'true' });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const image = context.createImageData(canvas.width, canvas.height);
  const highest = Math.max(...rows.flat());
  if (highest <= 0) return canvas;
  /** @param {number} place @param {number} count @returns {[number, number, number]} the patches on both sides, and how far between */
  const between = (place, count) => {
    const at = Math.min(count - 1, Math.max(0, (place + 0.5) / FINE - 0.5));
    return [Math.floor(at), Math.min(count - 1, Math.floor(at) + 1), at - Math.floor(at)];
  };
  /** @param {number} row @param {number} column */
  const valueAt = (row, column) => /** @type {number} */ (rows[row]?.[column]);
  for (let y = 0; y < canvas.height; y++) {
    const [top, bottom, down] = between(y, rows.length);
    for (let x = 0; x < canvas.width; x++) {
      const [left, right, over] = between(x, across);
      const above = valueAt(top, left) * (1 - over) + valueAt(top, right) * over;
      const below = valueAt(bottom, left) * (1 - over) + valueAt(bottom, right) * over;
      const value = (above * (1 - down) + below * down) / highest;
      image.data.set(
        [...channelsOf(colorOf('heat', value)), 255 * opacity * Math.sqrt(value)],
        4 * (y * canvas.width + x),
      );
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/**
 * A picture in its frame, with a map over it.
 * @param {HTMLImageElement} picture
 * @param {number[][]} [rows]
 * @param {number} [opacity]
 */
function framed(picture, rows, opacity = 0.75) {
  if (rows === undefined) return element('div', { class: 'frame' }, picture);
  return element('div', { class: 'frame mapped' }, picture, mapCanvas(rows, opacity));
}

/** @param {HTMLImageElement} picture */
function copyOf(picture) {
  return /** @type {HTMLImageElement} */ (picture.cloneNode());
}

/**
 * Scrolls a table or tree, and nothing around it, until a part of it is seen.
 * @param {HTMLElement} scroller
 * @param {HTMLElement} part
 * @param {{ left: number, top: number }} covered by what stays in place, in pixels
 */
function reveal(scroller, part, covered) {
  const [outer, inner] = [scroller.getBoundingClientRect(), part.getBoundingClientRect()];
  const [left, top] = [outer.left + covered.left, outer.top + covered.top];
  if (inner.left < left) scroller.scrollLeft -= left - inner.left;
  else if (inner.right > outer.right) scroller.scrollLeft += inner.right - outer.right;
  if (inner.top < top) scroller.scrollTop -= top - inner.top;
  else if (inner.bottom > outer.bottom) scroller.scrollTop += inner.bottom - outer.bottom;
}

/** How far an arrow goes in a line of choices; nothing for other keys. @param {string} key @param {number} at @param {number} count */
function walked(key, at, count) {
  if (key === 'ArrowLeft' || key === 'ArrowUp') return (at - 1 + count) % count;
  if (key === 'ArrowRight' || key === 'ArrowDown') return (at + 1) % count;
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : undefined;
}

/**
 * Choices of which one is taken: with the mouse, or with arrows while one has the focus.
 * @param {string} label
 * @param {string} type of list, as CSS calls it
 * @param {HTMLButtonElement[]} buttons
 * @param {(index: number) => void} onChoose
 */
function choices(label, type, buttons, onChoose) {
  const list = element('div', { role: 'radiogroup', 'aria-label': label, class: type }, ...buttons);
  let at = 0;
  /** @param {number} index @param {boolean} [isFocused] */
  const choose = (index, isFocused = false) => {
    at = index;
    for (const [i, button] of buttons.entries()) {
      button.setAttribute('role', 'radio');
      button.setAttribute('aria-checked', String(i === index));
      button.tabIndex = i === index ? 0 : -1;
    }
    if (isFocused) buttons[index]?.focus();
  };
  for (const [i, button] of buttons.entries()) button.addEventListener('click', () => onChoose(i));
  list.addEventListener('keydown', (event) => {
    const next = walked(event.key, at, buttons.length);
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    onChoose(next);
    buttons[next]?.focus();
  });
  /** @param {number} by */
  const walk = (by) => {
    if (buttons.length > 0) onChoose((at + by + buttons.length) % buttons.length);
  };
  return { list, choose, walk };
}

/** Below it, a word is more likely wrong than right. */
const DOUBT = 0.5;

/**
 * The words of a caption, to be chosen by.
 * @param {{ text: string, probability: number | null, about: string }[]} words the probability is drawn under each, `about` is what it is of
 * @param {(index: number) => void} onChoose
 */
function captionWords(words, onChoose) {
  const buttons = words.map(({ text, probability, about }) => {
    const isDoubted = probability !== null && probability < DOUBT;
    const title = probability === null ? about : `${about}: ${percent(probability)}`;
    const button = element(
      'button',
      { type: 'button', class: `word${isDoubted ? ' doubted' : ''}`, title },
      text.trim() || '·',
    );
    if (probability !== null) button.style.setProperty('--mark', colorOf('probability', probability));
    return button;
  });
  return choices('words of the caption', 'words', buttons, onChoose);
}
