/**
 * `npm run bench [-- CONFIG [SECONDS]]`: inference beside OpenCLIP (inference.ts, and dual-encoders.ts for what writes no captions); `-- train [...]`: training (train.ts);
 * `-- keys`: from a key to its frame in the attend view (keys.ts); `-- step [...]`: steps and keys of coca step (step.ts);
 * `-- decode [...]`: a decoding step, in the graph and around it (decode.ts); `-- precision [...]`: weights in fewer bits (precision.ts);
 * `-- many [...]`: a thousand photographs (many.ts); `-- serve [SECONDS]`: clients of coca serve (serve.ts); `-- rclip [COUNT]`: a folder
 * made searchable, beside rclip (rclip.ts).
 */
switch (process.argv[2]) {
  case 'train':
    await import('./train.js');
    break;
  case 'keys':
    await (await import('./keys.js')).keys();
    break;
  case 'step':
    await import('./step.js');
    break;
  case 'decode':
    await import('./decode.js');
    break;
  case 'precision':
    await import('./precision.js');
    break;
  case 'many':
    await import('./many.js');
    break;
  case 'serve':
    await import('./serve.js');
    break;
  case 'rclip':
    await import('./rclip.js');
    break;
  default:
    if (!(await dualEncoder())) await import('./inference.js');
}

/** Measures a model that writes no captions, if that is what is named. */
async function dualEncoder(): Promise<boolean> {
  const [name = '', seconds = '4'] = process.argv.slice(2);
  const { modelFolder } = await import('./common.js');
  if (name === '') return false;
  const folder = await modelFolder(name);
  const { readModelFolder } = await import('../src/model/store/model-folder.js');
  const { config } = await readModelFolder(folder);
  if (config.multimodal !== null) return false;
  (await import('./dual-encoders.js')).dualEncoders(name, folder, seconds);
  return true;
}

export {};
