import { attend } from './attend.js';
import { bench } from './bench.js';
import { caption } from './caption.js';
import { classify } from './classify.js';
import type { Command } from './command.js';
import { doctor } from './doctor.js';
import { embed } from './embed.js';
import { evaluate } from './eval.js';
import { init } from './init.js';
import { models } from './models.js';
import { rank } from './rank.js';
import { replOver } from './repl.js';
import { scenes } from './scenes.js';
import { step } from './step.js';

const PROGRAMS: readonly Command[] = [
  caption,
  rank,
  classify,
  attend,
  step,
  embed,
  models,
  init,
  scenes,
  evaluate,
  bench,
  doctor,
];

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [replOver(PROGRAMS), ...PROGRAMS];
