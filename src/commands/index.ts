import { attend } from './attend.js';
import { bench } from './bench.js';
import { caption } from './caption.js';
import type { Command } from './command.js';
import { embed } from './embed.js';
import { evaluate } from './eval.js';
import { init } from './init.js';
import { rank } from './rank.js';
import { scenes } from './scenes.js';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [caption, rank, attend, embed, init, scenes, evaluate, bench];
