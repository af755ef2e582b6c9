import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { CLI, runProgram } from './cli.js';

/** A candidate that a shell offers, and what it shows beside it, where it shows anything. */
export type Offer = readonly [word: string, about: string];

export interface ShellPlace {
  /** Folder to be in. */
  readonly cwd: string;
  /** A folder of $PATH with `coca` in it. */
  readonly bin: string;
  /** A file that may be written. */
  readonly file: string;
}

export type CompletingShell = (line: string, place: ShellPlace) => Promise<readonly Offer[]>;

const environment = ({ bin, file }: ShellPlace): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${bin}:${process.env.PATH}`,
  COCA_MODEL: '',
  TERM: 'xterm',
  FOUND: file,
});

const scripts = new Map<string, Promise<string>>();

/** A file with what `coca completion SHELL` writes, which is asked for once. */
async function scriptFile(shell: string, place: ShellPlace): Promise<string> {
  const text = scripts.get(shell) ?? output(process.execPath, [CLI, 'completion', shell], '', place);
  scripts.set(shell, text);
  const file = `${place.file}.${shell}-script`;
  writeFileSync(file, await text);
  return file;
}

async function output(program: string, args: readonly string[], input: string, place: ShellPlace): Promise<string> {
  const { stdout, stderr, code } = await runProgram(program, args, { cwd: place.cwd, env: environment(place), input });
  if (code !== 0) throw new Error(`${program}: ${stderr}${stdout}`);
  return stdout;
}

/** Words as bash parts them for a completion: at spaces, and each `=` and `:` by itself. */
function bashWords(line: string): string[] {
  return line.split(/\s+/).flatMap((word) => word.split(/(?<=[=:])|(?=[=:])/));
}

/** The function that the script registers, called as bash calls it. Quoting in the line is not parsed. */
export const bash: CompletingShell = async (line, place) => {
  const words = bashWords(line);
  const script = `source '${await scriptFile('bash', place)}'
COMP_LINE=$1 COMP_POINT=\${#1} COMP_CWORD=$(($# - 2)) COMP_WORDS=("\${@:2}")
$(complete -p coca | sed 's/.*-F \\([^ ]*\\).*/\\1/')
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = await output('bash', ['--norc', '-c', script, 'bash', line, ...words], '', place);
  return offers(text);
};

/** fish's own command for it. */
export const fish: CompletingShell = async (line, place) => {
  const script = `source '${await scriptFile('fish', place)}'; complete -C $argv[1]`;
  return offers(await output('fish', ['--no-config', '-c', script, line], '', place));
};

/** Notes what is offered, and leaves once Tab has been answered. */
const zshSetup = (script: string) => `PROMPT= RPROMPT=
autoload -U compinit; compinit -u -D
source '${script}'
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits told
  local at=\${@[(I)-d]} i
  if (( at )); then told=(\${(P)@[at+1]}); builtin compadd -O hits -D told "$@"; else builtin compadd -O hits "$@"; fi
  for (( i = 1; i <= $#hits; i++ )); do print -r -- "$hits[i]"$'\\t'"\${\${told[i]##*-- }%% #}" >> $FOUND; done
  builtin compadd "$@"
}
comppostfuncs=(exit)
bindkey '^I' complete-word
`;

/** zsh on a pseudo-terminal, where Tab is pressed. */
export const zsh: CompletingShell = async (line, place) => {
  rmSync(place.file, { force: true });
  const setup = `${place.file}.zsh`;
  writeFileSync(setup, zshSetup(await scriptFile('zsh', place)));
  await output('script', ['-qec', 'zsh -f -i', '/dev/null'], `source ${setup}\n${line}\t`, place);
  const text = readFileSync(place.file, { encoding: 'utf8', flag: 'a+' });
  // Names of files are offered as they are typed.
  return offers(text.replaceAll('\\', ''));
};

/** What is typed once, or stands in a shell's startup file, and then tells that completion is there. */
const REGISTERING: Readonly<Record<string, readonly string[]>> = {
  bash: ['bash', '--norc', '-c', 'source <(coca completion bash); complete -p coca'],
  zsh: ['zsh', '-f', '-c', 'autoload -U compinit; compinit -u -D; source <(coca completion zsh); print $_comps[coca]'],
  fish: ['fish', '--no-config', '-c', 'coca completion fish | source; complete -c coca'],
};

/** @returns what the shell says that it has registered */
export function registered(shell: string, place: ShellPlace): Promise<string> {
  const [program, ...args] = REGISTERING[shell]!;
  return output(program!, args, '', place);
}

function offers(text: string): Offer[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line): Offer => {
    const [word = '', about = ''] = line.split('\t');
    return [word, about];
  });
}
