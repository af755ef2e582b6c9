import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { runProgram } from './cli.js';

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
  const script = `source <(coca completion bash)
COMP_LINE=$1 COMP_POINT=\${#1} COMP_CWORD=$(($# - 2)) COMP_WORDS=("\${@:2}")
$(complete -p coca | sed 's/.*-F \\([^ ]*\\).*/\\1/')
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = await output('bash', ['--norc', '-c', script, 'bash', line, ...words], '', place);
  return offers(text);
};

/** fish's own command for it. */
export const fish: CompletingShell = async (line, place) => {
  const script = 'coca completion fish | source; complete -C $argv[1]';
  return offers(await output('fish', ['--no-config', '-c', script, line], '', place));
};

/** Notes what is offered, and leaves once Tab has been answered. */
const ZSH_SETUP = `PROMPT= RPROMPT=
autoload -U compinit; compinit -u -D
source <(coca completion zsh)
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
  writeFileSync(setup, ZSH_SETUP);
  await output('script', ['-qec', 'zsh -f -i', '/dev/null'], `source ${setup}\n${line}\t`, place);
  const text = readFileSync(place.file, { encoding: 'utf8', flag: 'a+' });
  // Names of files are offered as they are typed.
  return offers(text.replaceAll('\\', ''));
};

function offers(text: string): Offer[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line): Offer => {
    const [word = '', about = ''] = line.split('\t');
    return [word, about];
  });
}
