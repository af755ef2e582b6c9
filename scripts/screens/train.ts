import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startState } from '../../src/commands/train/output.js';
import { loadPicture } from '../../src/model/image/load-picture.js';
import type { LogEntry } from '../../src/model/training/run/log.js';
import { trainView } from '../../src/ui/train/show.js';
import { renderView } from '../../test/support/render-view.js';
import type { RecordedSize } from './recording.js';
import type { Cells } from './row.js';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(fileURLToPath(new URL(path, ROOT)));
const CAPTION = 'a small mushroom on a purple background';

/** The view of the bundled model's own run at one of its steps, by the run's log. */
export async function trainScreen(step: number, { columns, rows }: RecordedSize): Promise<Cells> {
  const scenes = JSON.parse(read('fixtures/scenes/scenes.json').toString()) as { image: string; caption: string }[];
  const image = scenes.find(({ caption }) => caption === CAPTION)!.image;
  const log = read('docs/training/scenes-log.jsonl').toString().trimEnd().split('\n');
  const history = log.map((line) => JSON.parse(line) as LogEntry).filter((entry) => entry.step <= step);
  const size = { size: 192, interpolation: 'bicubic', resizeMode: 'shortest', fillColor: 0 } as const;
  const initial = startState({
    ...{ folder: 'run', model: 'scenes', device: 'node', data: 'scenes', samples: undefined, batch: 64 },
    ...{ step, steps: 8000, parameters: 7e6, trained: 7e6, history },
    picture: { name: image, caption: CAPTION, picture: await loadPicture(read(`fixtures/scenes/${image}`), size) },
  });
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const run = { initial, follow: () => ended, onSave: () => undefined, onStop: () => undefined };
  const app = renderView(trainView(run, 'blocks'), columns, rows, 'any');
  await app.until(/▀{8}/);
  const screen = app.terminal();
  end();
  await app.close();
  return screen;
}
