/** SHA-256 of the files of the bundled model that what it computes depends on. */
export const BUNDLED_SHA256: Readonly<Record<string, string>> = {
  'open_clip_config.json': 'dbdce529b872177a1be5cf1da5ada4e9ff9c22c6e5d0028c6c9a0da690574921',
  'open_clip_model.safetensors': 'c2da183ebf1311fd5b0549af091be06edd2bea75c0331eeff4893413db6be0c1',
  'tokenizer.json': 'a03069323491550b7590a75db5e7415b23e8a5ef17dae4b6a94436c9e80d822e',
};
