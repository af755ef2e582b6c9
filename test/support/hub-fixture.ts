import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { PullEvent, PulledModel } from '../../src/model/hub/pull.js';
import { pullModel } from '../../src/model/hub/pull.js';
import { fixture } from './golden.js';
import { type HubRepository, HubServer } from './hub-server.js';

const SCENES = fixture('models/scenes');

/** A small model that works, as its repository would have it. */
export function sceneFiles(): Record<string, Buffer> {
  const names = ['README.md', 'open_clip_config.json', 'open_clip_model.safetensors', 'tokenizer.json'];
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(SCENES, name))]));
}

/** The name under which tests publish it. */
export const REPOSITORY = 'someone/scenes';
export const WEIGHTS = 'open_clip_model.safetensors';

export interface HubWorld {
  readonly hub: HubServer;
  /** An empty cache, and environment variables that lead to it and to the server. */
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
  readonly repository: HubRepository;
}

/** Gives each test of a file a server of its own and an empty cache. */
export function hubWorld(): HubWorld {
  const world = {} as { -readonly [K in keyof HubWorld]: HubWorld[K] };
  beforeEach(async () => {
    world.hub = await new HubServer().start();
    world.repository = { files: sceneFiles() };
    world.hub.add(REPOSITORY, world.repository);
    world.cache = mkdtempSync(join(tmpdir(), 'coca-hub-'));
    world.env = {
      HF_ENDPOINT: world.hub.url,
      HF_HOME: world.cache,
      HF_HUB_CACHE: world.cache,
      COCA_CACHE: join(world.cache, 'coca'),
      COCA_CONFIG: join(world.cache, 'config'),
    };
  });
  afterEach(async () => {
    await world.hub.stop();
    rmSync(world.cache, { recursive: true, force: true });
  });
  return world;
}

/** No patience: three tries, a few milliseconds apart. */
export const POLICY = { tries: 3, firstDelayMs: 2, longestDelayMs: 1500 };

/** Pulls to the end and keeps what was said. */
export async function pullAll(
  name: string,
  env: NodeJS.ProcessEnv,
  options: { signal?: AbortSignal; onEvent?: (event: PullEvent) => void } = {},
): Promise<{ readonly model: PulledModel; readonly events: PullEvent[] }> {
  const events: PullEvent[] = [];
  const { signal } = options;
  const run = pullModel(name, { env, policy: POLICY, ...(signal && { signal }) });
  for (;;) {
    const next = await run.next();
    if (next.done) return { model: next.value, events };
    events.push(next.value);
    options.onEvent?.(next.value);
  }
}

/** Every file under a folder, and those among them that are not whole. */
export function filesUnder(folder: string): { readonly all: string[]; readonly incomplete: string[] } {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  return { all, incomplete: all.filter((path) => path.endsWith('.incomplete')) };
}
