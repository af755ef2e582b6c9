/** SHA-256 of the files of the bundled model that what it computes depends on. */
export const BUNDLED_SHA256: Readonly<Record<string, string>> = {
  'grounding.json': 'a88c505ac6e8f8607036360782ebc5fae0d0244db0d31752ca8cb663cbe198bf',
  'open_clip_config.json': 'e796c4347cec8fdb3252ff179580e4f130c901d2e9631bfe69f95b6e4f9f18c8',
  'open_clip_model.safetensors': 'a8ea07096eaf72e55264cbe9227d5205101bd14550e1f07acf0f040b74146866',
  'tokenizer.json': 'a03069323491550b7590a75db5e7415b23e8a5ef17dae4b6a94436c9e80d822e',
};
