import type { CommandContext, Outcome } from '../../cli/command.js';

/** What a line of a session is given: all that a command is, but for what the session itself has to give. */
export interface Stage extends Omit<CommandContext, 'models' | 'onAnswer' | 'onCaption' | 'onKeys' | 'isShown'> {
  /** Shows the shell command that a line stands for. */
  readonly echo: (command: string) => Promise<void>;
  /** Clears the screen, where there is one. */
  readonly clear: () => void;
}

/** What a session's own verbs are given. */
export type SessionContext = CommandContext & Stage;

/** What became of a line: nothing was asked, or something was done, in part or whole. */
export type LineOutcome = Outcome | 'nothing';
