// Assembles the program's WebAssembly kernels, after a change of their texts: npm run kernels. A test compares what is committed.
import { writeFileSync } from 'node:fs';
import { assemble, KERNELS } from './assemble.js';

for (const kernel of KERNELS) {
  const { path, source } = await assemble(kernel);
  writeFileSync(path, source);
}
