import { type CommandWords, type OptionWords, spellings, type Values, type Vocabulary } from './vocabulary.js';

/** Words that hold nothing that bash would expand: letters, digits, dots and dashes. */
const joined = (words: Iterable<string>): string => `'${[...words].join(' ')}'`;

/**
 * Completion for bash, from 3.2 on, without the package bash-completion. Bash parts words at `=` and `:` too: they are joined
 * again first, and what readline will not replace is taken off the answers.
 */
export function bashCompletion({ commands, firstWords, globals }: Vocabulary): string {
  const verbs = commands.flatMap(({ name, verbs }) => verbs.map(({ word }) => `'${name} ${word}'`));
  const first = { name: '', others: [], options: globals, args: [], verbs: [] };
  return `# Completion of coca for bash. In ~/.bashrc: source <(coca completion bash)

# The options of command $1 that have a value.
_coca_valued() {
  case $1 in
${[first, ...commands].map((command) => `    ${patternOf(command)}) echo ${joined(valuedFlags(command))} ;;`).join('\n')}
  esac
}

# What can stand after option $2 of command $1, or as its argument number $3: kind and words. Its options: flags.
_coca_place() {
  kind=free words='' flags=''
  case $1 in
    '') flags=${joined(flagsOf(globals))} ;;
${commands.map(flagsCase).join('\n')}
  esac
  case "$1|$2|$3" in
    '||'*) kind=first words=${joined(firstWords.map(({ word }) => word))} ;;
${[first, ...commands].flatMap(placeCases).join('\n')}
  esac
}

_coca_models() {
  local name state rest
  coca models list 2>/dev/null | while IFS=$'\\t' read -r name state rest; do
    case $1:$state in
      known-model:* | *:bundled | *:installed | *:folder) echo "$name" ;;
    esac
  done
}

_coca_sites() {
  if [[ -n $1 ]]; then coca models sites "$1" 2>/dev/null; else coca models sites 2>/dev/null; fi
}

_coca_pictures() {
  local name
  compgen -f -- "$1" | while IFS= read -r name; do
    case $name in
      *.[jJ][pP][gG] | *.[jJ][pP][eE][gG] | *.[pP][nN][gG] | *.[wW][eE][bB][pP] | *.[gG][iI][fF] | *.[aA][vV][iI][fF] | *.[tT][iI][fF] | *.[tT][iI][fF][fF]) echo "$name" ;;
      *) if [[ -d $name ]]; then echo "$name"; fi ;;
    esac
  done
}

_coca() {
  local line=\${COMP_LINE:0:COMP_POINT} typed=() count=0 i piece rest
  for ((i = 0; i <= COMP_CWORD; i++)); do
    piece=\${COMP_WORDS[i]}
    rest=\${line#"\${line%%[![:space:]]*}"}
    if ((i == COMP_CWORD)); then piece=$rest; fi
    if ((count > 0)) && [[ -n $rest && $rest == "$line" ]]; then typed[count - 1]+=$piece; else typed[count++]=$piece; fi
    line=\${rest#"$piece"}
  done
  local current=\${typed[count - 1]} command='' option='' model='' number=0 word
  for ((i = 1; i < count - 1; i++)); do
    word=\${typed[i]}
    case $word in
      --model=*) model=\${word#*=} ;;
      -*=*) ;;
      -*)
        if [[ $word == --model || $word == -m ]]; then model=\${typed[i + 1]}; fi
        if [[ " $(_coca_valued "$command") " == *" $word "* ]]; then
          if ((i == count - 2)); then option=$word; fi
          i=$((i + 1))
        fi ;;
      *)
        if [[ -z $command ]]; then
          command=$word
        else
          case "$command $word" in
            ${verbs.join(' | ')}) command="$command $word" ;;
            *) number=$((number + 1)) ;;
          esac
        fi ;;
    esac
  done
  local prefix='' kind words flags IFS=$'\\n'
  if [[ -z $option && $current == --*=* ]]; then
    option=\${current%%=*} current=\${current#*=}
    if [[ $COMP_WORDBREAKS != *=* ]]; then prefix=$option=; fi
  fi
  _coca_place "$command" "$option" "$number"
  if [[ -z $option && $current == -* ]]; then kind=words words=$flags; fi
  if [[ $kind == sites && $current == *,* ]]; then prefix+=\${current%,*}, current=\${current##*,}; fi
  words=\${words// /$'\\n'}
  local replies=()
  case $kind in
    words | first) replies=($(compgen -W "$words" -- "$current")) ;;
    sites) replies=($(compgen -W "$(_coca_sites "$model")" -- "$current")) ;;
    model | known-model) replies=($(compgen -W "$(_coca_models "$kind")" -- "$current")) ;;
  esac
  case $kind in
    first | image) replies+=($(_coca_pictures "$current")) ;;
    folder) replies+=($(compgen -d -- "$current")) ;;
    file) replies+=($(compgen -f -- "$current")) ;;
    model) if ((\${#replies[@]} == 0)); then kind=file replies=($(compgen -f -- "$current")); fi ;;
  esac
  case $kind in
    sites) compopt -o nospace 2>/dev/null ;;
    first | image | folder | file) compopt -o filenames 2>/dev/null ;;
  esac
  local kept=''
  if [[ $COMP_WORDBREAKS == *:* && $current == *:* ]]; then kept=\${current%"\${current##*:}"}; fi
  COMPREPLY=()
  for word in "\${replies[@]}"; do COMPREPLY[\${#COMPREPLY[@]}]=$prefix\${word#"$kept"}; done
}

complete -F _coca coca
`;
}

type Typed = Pick<CommandWords, 'name' | 'others' | 'options' | 'args' | 'verbs'>;

const patternOf = ({ name, others }: Pick<CommandWords, 'name' | 'others'>): string =>
  [name, ...others].map((word) => `'${word}'`).join(' | ');

const flagsOf = (options: readonly OptionWords[]): string[] =>
  options.flatMap(({ names }) => names.map((name) => `--${name}`));

/** Options whose value is the next word; one that can do without it has it in its own. */
const valuedFlags = ({ options }: Typed): string[] =>
  options.filter(({ value }) => value && !value.isOptional).flatMap(spellings);

const flagsCase = (command: CommandWords): string =>
  `    ${patternOf(command)}) flags=${joined(flagsOf(command.options))} ;;`;

/** `COMMAND|OPTION|NUMBER` with what can stand there. */
function placeCases(command: Typed): string[] {
  const names = [command.name, ...command.others];
  const lines: string[] = [];
  const add = (places: readonly string[], values: Values) => {
    const answer = answerOf(values);
    if (answer !== undefined) lines.push(`    ${places.join(' | ')}) ${answer} ;;`);
  };
  for (const option of command.options) {
    if (!option.value) continue;
    const flags = spellings(option);
    add(
      names.flatMap((name) => flags.map((flag) => `'${name}|${flag}|'*`)),
      option.value.values,
    );
  }
  if (command.verbs.length > 0) add([`'${command.name}||0'`], { kind: 'words', words: command.verbs });
  command.args.forEach(({ values, isVariadic }, i) => {
    add(
      names.map((name) => (isVariadic ? `'${name}||'*` : `'${name}||${i}'`)),
      values,
    );
  });
  return lines;
}

function answerOf(values: Values): string | undefined {
  if (values.kind === 'free') return undefined;
  if (values.kind !== 'words') return `kind=${values.kind}`;
  return `kind=words words=${joined(values.words.map(({ word }) => word))}`;
}
