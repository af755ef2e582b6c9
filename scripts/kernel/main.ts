// Assembles src/model/image/resample/kernel.wat, after a change of it: npm run kernel. A test compares what is committed.
import { readFileSync, writeFileSync } from 'node:fs';
import { asModule, assemble } from './assemble.js';

const folder = new URL('../../src/model/image/resample/', import.meta.url);
const text = readFileSync(new URL('kernel.wat', folder), 'utf8');
writeFileSync(new URL('kernel-wasm.ts', folder), asModule('KERNEL', 'kernel.wat', await assemble('kernel.wat', text)));
