import { OPENCLIP } from '../base/openclip-models.js';

/** Model configs that OpenCLIP knows by name, as its `model_configs` folder states them, also those that cannot be loaded here. */
export const NAMED_CONFIGS: Readonly<Record<string, object>> = OPENCLIP.configs;

/** What to do about a name that is none of a config: the names are too many to list. */
export const CONFIG_NAMES_HINT =
  'for example coca_ViT-B-32, coca_ViT-L-14, ViT-B-32 or ViT-L-14: OpenCLIP\'s names, all of which "coca help models" lists';
