/** The way to `view/` that src/commands/io and src/commands/repl take until their imports are changed. */
export { canShow, type Streams } from './view/streams.js';
