/** SHA-256 of the files of the bundled model that what it computes depends on. */
export const BUNDLED_SHA256: Readonly<Record<string, string>> = {
  'grounding.json': '',
  'open_clip_config.json': 'dbdce529b872177a1be5cf1da5ada4e9ff9c22c6e5d0028c6c9a0da690574921',
  'open_clip_model.safetensors': 'ab1b5dfd7df5df51c84f153bc9319b99e4e74b7c5272bf87c262d44dbdca5f2c',
  'tokenizer.json': 'a03069323491550b7590a75db5e7415b23e8a5ef17dae4b6a94436c9e80d822e',
};
