import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NAMED_CONFIGS } from '../src/model/configs.js';
import { initModel } from '../src/model/init.js';

/** The folder of a model: of a named config one with random weights, made once in the system's temporary folder. */
export async function modelFolder(name: string): Promise<string> {
  if (!Object.hasOwn(NAMED_CONFIGS, name)) return name;
  const folder = join(tmpdir(), `coca-bench-${name}`);
  if (!existsSync(join(folder, 'open_clip_model.safetensors'))) {
    process.stderr.write(`making random weights of ${name} in ${folder}\n`);
    await initModel({ config: name, output: folder, seed: 1, dtype: 'F32' });
  }
  return folder;
}
