/** SHA-256 of the files of the bundled model that what it computes depends on. */
export const BUNDLED_SHA256: Readonly<Record<string, string>> = {
  'grounding.json': 'bee366a3b35b67adcbd2810cc480358d1e2ab8add29c177f5408ce5728aeb6c4',
  'open_clip_config.json': 'e796c4347cec8fdb3252ff179580e4f130c901d2e9631bfe69f95b6e4f9f18c8',
  'open_clip_model.safetensors': 'c413a09c89cead867647f9e0f0bf1b15e6a7e313b30789d4a5e31b1b42fcebb2',
  'tokenizer.json': 'a03069323491550b7590a75db5e7415b23e8a5ef17dae4b6a94436c9e80d822e',
};
