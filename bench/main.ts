/** `npm run bench [-- CONFIG [SECONDS]]`: inference; `npm run bench -- train [...]`: training. */
await (process.argv[2] === 'train' ? import('./train.js') : import('./inference.js'));
