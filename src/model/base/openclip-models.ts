import { readFileSync } from 'node:fs';
import { lazily } from './lazily.js';

/** What OpenCLIP ships (scripts/reference/shipped_models.py). */
interface Shipped {
  readonly configs: Readonly<Record<string, object>>;
  readonly pretrained: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const FILE = new URL('../../../assets/openclip-models.json', import.meta.url);

/** Its model configs by name, and by name and tag the repositories of weights on the Hugging Face hub. */
export const openclipModels = lazily<Shipped>(() => JSON.parse(readFileSync(FILE, 'utf8')));
