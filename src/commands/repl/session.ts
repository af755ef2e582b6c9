import { existsSync } from 'node:fs';
import type { Answer } from '../../cli/answers.js';
import {
  type Command,
  type GlobalValues,
  type Invocation,
  kebab,
  type Outcome,
  withVerb,
  withVerbs,
} from '../../cli/command.js';
import { commandHelp, HelpPage } from '../../cli/help.js';
import { checkForms, parseCommandLine } from '../../cli/parse.js';
import { topicText } from '../../cli/topics.js';
import { VERSION } from '../../cli/version.js';
import { CocaError } from '../../model/base/errors.js';
import { encodeName } from '../../model/base/file-names.js';
import { didYouMean } from '../../model/base/names/suggest.js';
import type { LoadedCoca, LoadOptions } from '../../model/store/load.js';
import { isPicture, runChecked } from '../io/check-inputs.js';
import { loadOptions, type ModelOption, withModel } from '../io/model.js';
import { prepare } from '../io/progress.js';
import { type Action, commandLine, type LastCommand, type Performed, shellCommand } from './action.js';
import type { LineOutcome, SessionContext, Stage } from './context.js';
import { sessionHelp } from './help.js';
import {
  type FilledLine,
  fillArguments,
  looksLikePicture,
  optionsOf,
  pictureNamed,
  plainWords,
} from './line/arguments.js';
import { withPlainVerb } from './line/plain-verb.js';
import { redirectionOf } from './line/redirection.js';
import { quoteLine, splitLine, type Word } from './line/words.js';
import { Pictures } from './pictures.js';
import { runRedirected } from './redirect.js';
import { type Setting, Settings } from './settings.js';
import { runShell } from './shell.js';
import { WarmModels } from './warm-models.js';

/** What is typed before a verb here. */
const TYPED_BEFORE = '';
const OUTPUT_FORMS = ['json', 'jsonl'];
/** How many answers of a command are kept: of more, the results are found anew when they are to be saved. */
const MOST_KEPT = 1000;

/**
 * One session over warm models: lines in, whatever the commands write out. It knows the open pictures and their
 * captions, what was set, and which shell commands its lines stood for; it knows no terminal.
 */
export class ReplSession {
  readonly pictures = new Pictures();
  readonly settings: Settings;
  readonly models: WarmModels;
  /** What was done, in order. */
  readonly actions: Action[] = [];
  /** The last line that ran a command. */
  last: LastCommand | undefined;
  /** Set by the verbs that leave. */
  isOver = false;
  /** The session's own verbs, then the program's commands. */
  readonly commands: readonly Command[];

  /** @param verbs makes the session's own verbs, which work on it */
  constructor(
    readonly programs: readonly Command[],
    load: (options: LoadOptions) => Promise<LoadedCoca>,
    verbs: (session: ReplSession) => readonly Command[],
  ) {
    this.settings = new Settings(programs);
    this.models = new WarmModels(load);
    this.commands = [...verbs(this), ...programs];
  }

  /**
   * Does what a line asks for.
   * @throws CocaError for what could not be done at all, as the commands do; the session goes on
   */
  async run(line: string, stage: Stage): Promise<LineOutcome> {
    const shell = /^\s*!(.*)$/s.exec(line)?.[1];
    if (shell !== undefined) return runShell(shell, this.#contextOf(stage));
    const words = splitLine(line);
    if (words.length === 0 || (words[0]!.text.startsWith('#') && !words[0]!.isQuoted)) return 'nothing';
    const meant = withPlainVerb(words, this.commands, exists);
    const redirection = redirectionOf(line, words, this.#hasCaptions(meant));
    if (redirection) return runRedirected(this, redirection, this.#contextOf(stage));
    return this.#runWords(line, meant, stage);
  }

  /** Whether bars in a line part captions. */
  #hasCaptions([first, second]: readonly Word[]): boolean {
    const name = first!.text === 'coca' ? second?.text : first!.text;
    const command = this.commands.find((one) => one.name === name);
    return command?.args.some(({ kind, variadic }) => kind === 'text' && variadic) === true;
  }

  async #runWords(line: string, words: readonly Word[], stage: Stage): Promise<LineOutcome> {
    const context = this.#contextOf(stage);
    // A command as a shell takes it, pasted: its words are whole.
    if (words[0]!.text === 'coca' && words.length > 1) return this.#runShellWords(words.slice(1), context);
    const [verb, ...rest] = words as [Word, ...Word[]];
    if (words.length === 1 && !verb.isQuoted && /^@?\d+$/.test(verb.text)) {
      return this.runOwn(['show', pictureNamed(verb, this.#fillings(), true)], context);
    }
    const found = verb.isQuoted ? undefined : this.commands.find(({ name }) => name === verb.text);
    if (found === undefined) {
      const isForParser = verb.text === 'help' || verb.text.startsWith('-');
      if (isForParser) return this.runOwn(plainWords(words), context);
      return this.runOwn(['open', '--', ...this.#asPictures(line, words)], context);
    }
    const command = withVerb(found, rest[0]?.isQuoted ? undefined : rest[0]?.text);
    if (command !== found) rest.shift();
    // Its options are for the line that it repeats.
    if (command.name === 'last') return this.#repeat(line.slice(verb.end), stage);
    const asksForHelp = rest.some(({ text, isQuoted }) => !isQuoted && (text === '--help' || text === '-h'));
    if (asksForHelp) return this.runOwn([...command.name.split(' '), '--help'], context);
    this.#checkOptions(command, optionsOf(command, rest));
    const filled = fillArguments(command, rest, this.#fillings());
    if (!this.#isProgram(command)) return this.runOwn(commandLine(command, filled), context);
    const done = await this.perform(command, filled, context);
    this.last = { line, command, filled: { ...filled, options: [...filled.options, ...done.keys] }, done };
    return done.outcome;
  }

  /**
   * Checks options before a picture is looked for: what is wrong with them has nothing to do with which are open.
   * @throws CocaError `usage`
   */
  #checkOptions(command: Command, options: readonly string[]): void {
    const positionals = command.args.filter(({ required }) => required).map(({ name }) => name);
    const commands = this.#isProgram(command) ? this.programs : this.commands;
    parseCommandLine(commandLine(command, { positionals, options }), commands, TYPED_BEFORE);
  }

  /** Opens a picture. */
  open(name: string, stage: Stage): Promise<Outcome> {
    return this.runOwn(['open', '--', name], this.#contextOf(stage));
  }

  /** Loads the model before a command waits for it. */
  async warmUp(stage: Stage): Promise<void> {
    await this.withModel(this.#contextOf(stage), (coca) =>
      prepare(coca, coca.config.multimodal ? 'captions' : 'images', stage),
    );
  }

  #contextOf(stage: Stage): SessionContext {
    const isOn = (setting: string) => this.settings.get(setting) === 'on';
    return {
      ...stage,
      notice: (text) => (isOn('quiet') ? undefined : stage.notice(text)),
      detail: (text) => (isOn('verbose') ? stage.notice(text) : undefined),
      models: this.models,
      onCaption: (image, caption) => this.pictures.describe(image, caption),
      onAnswer: () => undefined,
      onKeys: () => undefined,
      onFound: (images, chosen) => {
        if (images.length > 0) this.pictures.replace(images, chosen);
      },
      isShown: (image) => image === this.pictures.shown,
    };
  }

  async #runShellWords(words: readonly Word[], context: SessionContext): Promise<Outcome> {
    const argv = plainWords(words);
    const own = this.commands.find((command) => command.name === argv[0] && !this.#isProgram(command));
    if (own) throw new CocaError('usage', `${own.name} is a verb of the session`, `without coca: ${own.name}`);
    const request = parseCommandLine(argv, this.programs);
    if (request.kind !== 'run') return this.#answer(request, context);
    const { command } = request;
    const options = [...argv];
    for (const word of command.name.split(' ')) options.splice(options.indexOf(word), 1);
    return this.runProgram(command, { positionals: [], options }, context);
  }

  #isProgram(command: Command): boolean {
    return withVerbs(this.programs).includes(command);
  }

  #repeat(added: string, stage: Stage): Promise<LineOutcome> {
    if (this.last === undefined) throw new CocaError('usage', 'there is no command to repeat yet');
    const { line, done } = this.last;
    const { keys } = done;
    // Results of what was done, not of what would be done without keys.
    const isForProgram = splitLine(added).some(({ text }) => OUTPUT_FORMS.includes(text.replace(/^--/, '')));
    return this.run(isForProgram && keys.length > 0 ? `${line} ${quoteLine(keys)}${added}` : line + added, stage);
  }

  /** Runs a command of the program with what is set, shows what a shell would have been told, and keeps that. */
  async runProgram(command: Command, filled: FilledLine, context: SessionContext): Promise<Outcome> {
    return (await this.perform(command, filled, context)).outcome;
  }

  /**
   * `runProgram`, and what came of it.
   * @param most how many answers are kept: of more, none is
   */
  async perform(command: Command, filled: FilledLine, context: SessionContext, most = MOST_KEPT): Promise<Performed> {
    const typed = parseCommandLine(commandLine(command, filled), this.programs, TYPED_BEFORE);
    if (typed.kind !== 'run') {
      return {
        outcome: await this.#answer(typed, context),
        keys: [],
        settings: [],
        answers: [],
        invocation: undefined,
      };
    }
    await command.check?.(typed.invocation);
    const { settings, invocation } = await this.#withSettings(command, filled, typed.invocation, context.notice);
    const options = [...filled.options, ...settings.flatMap(({ words }) => words)];
    await context.echo(shellCommand({ argv: commandLine(command, { ...filled, options }) }));
    const { quiet, verbose } = invocation.options;
    const notice = quiet ? () => undefined : context.notice;
    const detail = verbose ? notice : () => undefined;
    let keys: readonly string[] = [];
    const answers: Answer[] = [];
    let count = 0;
    const outcome = await runChecked(command, invocation, {
      ...context,
      notice,
      detail,
      onKeys: (options) => {
        keys = options;
      },
      onAnswer: (answer) => {
        if (++count <= most) answers.push(answer);
        else answers.length = 0;
      },
    });
    const done: Action = { argv: commandLine(command, { ...filled, options: [...options, ...keys] }) };
    if (keys.length > 0) await context.echo(shellCommand(done));
    if (outcome.done > 0) this.actions.push(done);
    return { outcome, keys, settings, answers, invocation };
  }

  /**
   * What was typed with what is set. What was typed outranks that: where both cannot be had together, or an argument leaves
   * an option nothing to do, it is left out.
   */
  async #withSettings(command: Command, filled: FilledLine, typed: Invocation, notice: (text: string) => void) {
    const given = command.args.slice(0, filled.positionals.length);
    const excluded = new Set([...typed.typed, ...given.flatMap(({ unless }) => unless ?? [])]);
    // An output has one form.
    if (OUTPUT_FORMS.some((name) => typed.typed.has(name))) for (const name of OUTPUT_FORMS) excluded.add(name);
    const attempt = async (settings: readonly Setting[]) => {
      const values = Object.fromEntries(settings.map(({ name, read }) => [name, read()]));
      const options = { ...typed.options, ...values };
      checkForms(options);
      const invocation = { ...typed, options, typed: new Set([...typed.typed, ...Object.keys(values)]) };
      await command.check?.(invocation);
      return { settings, invocation };
    };
    const all = this.settings.of(command, excluded);
    const together = await attempt(all).catch(orUsage);
    if (!(together instanceof CocaError)) return together;
    let fitting: readonly Setting[] = [];
    for (const setting of all) {
      const next = await attempt([...fitting, setting]).catch(orUsage);
      if (next instanceof CocaError) {
        notice(`the session's --${kebab(setting.name)} is left out here: ${next.message}`);
      } else fitting = next.settings;
    }
    return attempt(fitting);
  }

  /** Runs one of the session's own verbs. */
  async runOwn(argv: readonly string[], context: SessionContext): Promise<Outcome> {
    const request = parseCommandLine(argv, this.commands, TYPED_BEFORE);
    if (request.kind !== 'run') return this.#answer(request, context);
    return request.command.run(request.invocation, context);
  }

  /** The program's command of a name. */
  program(name: string): Command {
    return this.programs.find((command) => command.name === name)!;
  }

  /** Lends the model that the session's commands use. */
  async withModel<T>(context: SessionContext, work: (coca: LoadedCoca) => Promise<T>): Promise<T> {
    return withModel(await this.#modelOptions(), context, work);
  }

  /** Forgets the loaded model of the present name: its files may have changed. */
  async dropModel(): Promise<void> {
    await this.models.drop(loadOptions(await this.#modelOptions()));
  }

  close(): Promise<void> {
    return this.models.close();
  }

  /** What the commands of this session say of their model, as their own parser reads it. */
  async #modelOptions(): Promise<GlobalValues<ModelOption>> {
    const command = this.program('caption');
    const filled: FilledLine = { positionals: ['-'], options: [] };
    const request = parseCommandLine(commandLine(command, filled), this.programs);
    if (request.kind !== 'run') throw new Error('the caption command is not the caption command');
    const { invocation } = await this.#withSettings(command, filled, request.invocation, () => undefined);
    return invocation.options as unknown as GlobalValues<ModelOption>;
  }

  #fillings() {
    const { names, current } = this.pictures;
    return { pictures: names, picture: current, caption: this.pictures.captionOf(current), exists, isPicture };
  }

  /** A line that begins with no verb: pictures to open. */
  #asPictures(line: string, words: readonly Word[]): string[] {
    // A path that was pasted as it is, with its blanks.
    const whole = line.trim();
    if (words.length > 1 && exists(whole)) return [whole];
    if (words.every((word) => looksLikePicture(word, exists))) return plainWords(words);
    const verb = words[0]!.text;
    const guess = this.settings.specs().has(verb)
      ? `it is an option: set ${whole}`
      : didYouMean(
          verb,
          this.commands.map(({ name }) => name),
        );
    throw new CocaError('usage', `unknown verb '${verb}', and no file of that name`, guess ?? 'help lists the verbs');
  }

  async #answer(
    request: Exclude<ReturnType<typeof parseCommandLine>, { kind: 'run' }>,
    context: SessionContext,
  ): Promise<Outcome> {
    const page = new HelpPage(context.terminal);
    if (request.kind === 'topic') {
      await context.out.write(await topicText(request.topic, context.terminal));
    } else if (request.kind === 'version') await context.out.line(VERSION);
    else if (request.command) {
      const isOwn = !this.#isProgram(request.command);
      await context.out.write(commandHelp(request.command, page, isOwn ? TYPED_BEFORE : 'coca '));
    } else await context.out.write(sessionHelp(this.commands, this.programs, page));
    return { done: 1, failed: 0 };
  }
}

/** A complaint about usage as a value; anything else goes on. */
function orUsage(error: unknown): CocaError {
  if (error instanceof CocaError && error.code === 'usage') return error;
  throw error;
}

function exists(path: string): boolean {
  return path !== '' && existsSync(encodeName(path));
}
