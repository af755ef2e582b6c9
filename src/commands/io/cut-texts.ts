import type { CommandContext } from '../../cli/command.js';
import type { CutTexts } from '../../model/tokenizer/usable.js';
import { visible } from '../../ui/text.js';

/** Of every command that compares texts with pictures. */
export const STRICT_OPTION = {
  strict: { type: 'flag', description: 'texts longer than the context fail, and are not cut as OpenCLIP cuts them' },
} as const;

/** How much of a text a notice repeats. */
const SHOWN = 60;

/** What is told of texts that are cut: each once, as it is met. */
export class ToldCuts {
  readonly #cut = new Set<string>();

  /** @param isStrict whether none is: `options` then asks for a refusal */
  constructor(
    private readonly isStrict: boolean,
    private readonly context: CommandContext,
  ) {}

  /** What the model's methods and checks take. */
  get options(): CutTexts {
    return this.isStrict ? {} : { onCut: (text) => this.#tell(text) };
  }

  has(text: string): boolean {
    return this.#cut.has(text);
  }

  get count(): number {
    return this.#cut.size;
  }

  #tell(text: string): void {
    if (this.#cut.has(text)) return;
    this.#cut.add(text);
    const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
    this.context.notice(
      `"${visible(shown)}" is longer than the model's context: it is cut, as OpenCLIP does it (--strict refuses it)`,
    );
  }
}
