import { SPECIALS_FILES } from '../tokenizer/named-specials.js';

/** What the files of a model are called, in a folder and in a repository alike. */

export const CONFIG_FILE = 'open_clip_config.json';
/** As this program writes them; it reads others, too. */
export const WEIGHTS_FILE = 'open_clip_model.safetensors';
/** Only models with a tokenizer of their own have one. */
export const TOKENIZER_FILE = 'tokenizer.json';
/** The same, and what Hugging Face keeps beside it. */
export const TOKENIZER_FILES: readonly string[] = [TOKENIZER_FILE, ...SPECIALS_FILES];
/** The model card: what it is, its licence, where it is from. */
export const CARD_FILE = 'README.md';
