/**
 * `npm run bench [-- CONFIG [SECONDS]]`: inference beside OpenCLIP (inference.ts); `-- train [...]`: training (train.ts);
 * `-- keys`: from a key to its frame in the attend view (keys.ts); `-- step [...]`: steps and keys of coca step (step.ts).
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
  default:
    await import('./inference.js');
}

export {};
