/**
 * Draws the losses of a run as an SVG, each point the mean of some steps, on a logarithmic scale: the curve of
 * docs/training.md.
 *
 *   node scripts/curve.mjs RUN/log.jsonl [STEPS_A_POINT] > curve.svg
 */
import { readFileSync } from 'node:fs';

const [path, every = '50'] = process.argv.slice(2);
if (path === undefined) throw new Error('curve.mjs RUN/log.jsonl [STEPS_A_POINT]');
const stride = Number(every);

const LOSSES = { contrastive: '#0e7c9b', captioning: '#b8860b' };
const [WIDTH, HEIGHT] = [720, 320];
const MARGIN = { left: 52, right: 12, top: 12, bottom: 34 };
const TICKS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

const steps = readFileSync(path, 'utf8')
  .split('\n')
  .filter((line) => line.includes('"type":"step"'))
  .map((line) => JSON.parse(line));
const means = (name) =>
  Array.from({ length: Math.floor(steps.length / stride) }, (_, i) => {
    const some = steps.slice(i * stride, (i + 1) * stride);
    return { step: some.at(-1).step, value: some.reduce((sum, step) => sum + step[name], 0) / some.length };
  });
const curves = Object.keys(LOSSES)
  .filter((name) => steps.every((step) => step[name] !== null))
  .map((name) => ({ name, points: means(name) }));

const values = curves.flatMap(({ points }) => points.map(({ value }) => value));
const [low, high] = [Math.min(...values), Math.max(...values)];
const last = steps.at(-1).step;
const x = (step) => MARGIN.left + (step / last) * (WIDTH - MARGIN.left - MARGIN.right);
const y = (value) =>
  MARGIN.top + (Math.log(high / value) / Math.log(high / low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
const at = (number) => number.toFixed(1);

const grid = TICKS.filter((tick) => tick >= low && tick <= high).map(
  (tick) =>
    `<path d="M${MARGIN.left} ${at(y(tick))}H${WIDTH - MARGIN.right}" stroke="#8884"/>` +
    `<text x="${MARGIN.left - 6}" y="${at(y(tick) + 4)}" text-anchor="end">${tick}</text>`,
);
const marks = [0, 0.25, 0.5, 0.75, 1].map((part) => {
  const step = Math.round(part * last);
  const anchor = part === 1 ? 'end' : 'middle';
  return `<text x="${at(x(step))}" y="${HEIGHT - 14}" text-anchor="${anchor}">${step}</text>`;
});
const lines = curves.map(({ name, points }, i) => {
  const path = points.map(({ step, value }, j) => `${j === 0 ? 'M' : 'L'}${at(x(step))} ${at(y(value))}`).join('');
  const label = `<text x="${WIDTH - 150}" y="${MARGIN.top + 16 + 18 * i}" fill="${LOSSES[name]}">${name} loss</text>`;
  return `<path d="${path}" fill="none" stroke="${LOSSES[name]}" stroke-width="1.6"/>${label}`;
});
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#888">
<title>Losses of a run by step, on a logarithmic scale</title>
${[...grid, ...marks, ...lines].join('\n')}
</svg>
`,
);
