/**
 * A folder of photographs made searchable and searched, beside rclip, with the same architecture, random weights and photographs, from
 * the start of the process to its end.
 *
 *   npm run bench -- rclip [COUNT]     COUNT: 500 photographs of 1 to 12 megapixels
 *
 * Needs rclip ($RCLIP, or on the PATH), and what makes its model files in $COCA_PEER_PYTHON (peer_rclip.py). What either takes for the same
 * query is compared, too: which photographs are the ten nearest.
 */
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { columns, machine, modelFolder, PYTHON, run } from './common.js';
import { photographs, SIZES } from './photographs.js';
import { type Done, timed } from './timed.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const CLI = path('../dist/cli.js');
const RCLIP = process.env.RCLIP ?? 'rclip';
const CONFIG = 'ViT-B-32-256';
const QUERY = 'a cup of coffee';

const count = Number(process.argv[3] ?? '500');
const model = await modelFolder(CONFIG);
const names = readFileSync(await photographs(count), 'utf8')
  .trim()
  .split('\n');
// Beside them, so that links lead there.
const folder = mkdtempSync(join(tmpdir(), 'coca-bench-'));
try {
  const pictures = join(folder, 'pictures');
  mkdirSync(pictures);
  for (const name of names) linkSync(name, join(pictures, basename(name)));
  const data = join(folder, 'rclip');
  run(PYTHON, [path('peer_rclip.py'), model, data]);

  const ours = (command: readonly string[]) =>
    timed('node', [CLI, ...command, '--index', join(folder, 'index'), '--model', model, '--device', 'cpu', '-q']);
  const theirs = (...options: string[]) =>
    timed(RCLIP, [QUERY, '--filepath-only', '--top', '10', ...options], {
      cwd: pictures,
      env: { ...process.env, RCLIP_DATADIR: data },
    });
  const rows: Record<string, readonly [Done, Done]> = {
    'all photographs, new': [await ours(['index', pictures]), await theirs()],
    'again, nothing new': [await ours(['index', pictures]), await theirs()],
    'a query': [await ours(['search', QUERY, pictures, '--top', '10']), await theirs('--no-indexing')],
  };

  console.log(`${CONFIG}, ${count} photographs of ${SIZES[0]} to ${SIZES.at(-1)} megapixels, ${machine()}`);
  console.log(columns(['', 'coca', 'rclip', 'ratio', 'MiB', "rclip's"]));
  for (const [name, [mine, other]] of Object.entries(rows)) {
    const seconds = [mine, other].map((one) => `${one.seconds.toFixed(1)} s`);
    const mib = [mine, other].map(({ peakMemory }) => (peakMemory / 2 ** 20).toFixed(0));
    console.log(columns([name, ...seconds, `${(other.seconds / mine.seconds).toFixed(1)} x`, ...mib]));
  }
  const [mine, other] = rows['a query']!.map(({ stdout }) => new Set(stdout.match(/\d{4}\.jpg/g)));
  const shared = [...mine!].filter((name) => other!.has(name)).length;
  console.log(`the ten nearest: ${shared} of ${mine!.size} are rclip's`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
