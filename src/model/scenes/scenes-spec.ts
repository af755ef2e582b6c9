import { CocaError } from '../base/errors.js';
import { type SceneMix, UNMIXED } from './world/mix.js';

/** Begins the name of scenes that are painted as they are needed. */
const SCENES = 'scenes:';

const FORM =
  'scenes:, scenes:families, or shares like scenes:families=0.3,arrangements=0.3,longest=0.8,ambiguous=1,questions=0.3';

export const isScenes = (name: string): boolean => name.startsWith(SCENES);

/**
 * Reads `scenes:` (every scene by itself), `scenes:families` (half of them in families), or `scenes:KEY=SHARE,...` with the keys of
 * `SceneMix`.
 * @throws CocaError `usage` for another key or a share that is none
 */
export function parseScenes(name: string): SceneMix {
  const spec = name.slice(SCENES.length);
  if (spec === '') return UNMIXED;
  if (spec === 'families') return { ...UNMIXED, families: 0.5 };
  const mix: Record<string, number> = { ...UNMIXED };
  for (const part of spec.split(',')) {
    const [key, value = ''] = part.split(/=(.*)/s) as [string, string?];
    const share = /^\d*\.?\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!Object.hasOwn(UNMIXED, key) || !(share >= 0 && share <= 1)) {
      const what = Object.hasOwn(UNMIXED, key) ? `"${part}" is no share from 0 to 1` : `scenes have no "${key}"`;
      throw new CocaError('usage', `${name}: ${what}`, FORM);
    }
    mix[key] = share;
  }
  const { families, arrangements } = mix as unknown as SceneMix;
  if (families + arrangements > 1) {
    throw new CocaError('usage', `${name}: families and arrangements are more than all scenes together`, FORM);
  }
  return mix as unknown as SceneMix;
}
