/** SHA-256 of the files of the bundled model that what it computes depends on. */
export const BUNDLED_SHA256: Readonly<Record<string, string>> = {
  'grounding.json': '454d9dd3ed5f6798232013427f825fa106ca951f141f5f244343adb4adfe8cb5',
  'open_clip_config.json': 'e796c4347cec8fdb3252ff179580e4f130c901d2e9631bfe69f95b6e4f9f18c8',
  'open_clip_model.safetensors': '7dfaf3d0bba6b8d3d0454e19d88fabf4db33c0d5e5dfcbacb0c707b89cf6290c',
  'tokenizer.json': 'a03069323491550b7590a75db5e7415b23e8a5ef17dae4b6a94436c9e80d822e',
};
