import { lazily } from '../base/lazily.js';
import { openclipModels } from '../base/openclip-models.js';

/** Model configs that OpenCLIP knows by name, as its `model_configs` folder states them, also those that cannot be loaded here. */
export const namedConfigs = (): Readonly<Record<string, object>> => openclipModels().configs;

const spellings = lazily(() => new Map(Object.keys(namedConfigs()).map((name) => [name.toLowerCase(), name])));

/** How the name of a config is spelled that is given in whatever case; undefined where there is none. */
export const configSpelling = (name: string): string | undefined => spellings().get(name.toLowerCase());

/** What to do about a name that is none of a config: the names are too many to list. */
export const CONFIG_NAMES_HINT =
  'for example coca_ViT-B-32, coca_ViT-L-14, ViT-B-32 or ViT-L-14: OpenCLIP\'s names, all of which "coca help models" lists';
