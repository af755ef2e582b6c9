import {
  type CommandWords,
  type OptionWords,
  spellings,
  type Values,
  type Vocabulary,
  type Word,
} from './vocabulary.js';

/** Completion for zsh: a specification of `_arguments` for each command. */
export function zshCompletion({ commands, firstWords, helpWords, globals }: Vocabulary): string {
  return `#compdef coca
# Completion of coca for zsh. In ~/.zshrc, after compinit: source <(coca completion zsh)

_coca_models() {
  local -a lines names
  lines=(\${(f)"$(coca models list 2>/dev/null)"})
  if [[ $1 != known-model ]]; then lines=(\${(M)lines:#*$'\\t'(bundled|installed|folder)$'\\t'*}); fi
  names=(\${lines%%$'\\t'*})
  compadd -X model -a names
  if [[ $1 != known-model ]]; then _files; fi
}

_coca_sites() {
  local -a names model
  local at=\${words[(I)(-m|--model|--model=*)]}
  if ((at)); then
    case \${words[at]} in
      *=*) model=(\${(Q)words[at]#*=}) ;;
      *) model=(\${(Q)words[at+1]}) ;;
    esac
  fi
  names=(\${(f)"$(coca models sites $model 2>/dev/null)"})
  compset -P '*,'
  compadd -X site -S '' -a names
}

_coca_pictures() {
  _files -g '(#i)*.(jpg|jpeg|png|webp|gif|avif|tif|tiff)(-.)'
}

_coca_first() {
  ${describe('command', firstWords)}
  _coca_pictures
}

_coca_command() {
  local curcontext=$curcontext state state_descr line
  typeset -A opt_args
  case $1 in
    help) ${describe('topic', helpWords)} ;;
${commands
  .filter(({ name }) => name !== 'help')
  .map(commandCase)
  .join('\n')}
    *) _coca_pictures ;;
  esac
}

_coca() {
  local curcontext=$curcontext state state_descr line
  typeset -A opt_args
  _arguments -C -S -A '-*' ${globals.flatMap(optionSpecs).join(NEXT)} \\
    '1: :->first' '*:: :->rest'
  case $state in
    first) _coca_first ;;
    rest) _coca_command $words[1] ;;
  esac
}

compdef _coca coca
# As a file of $fpath it is the function's body.
if [[ $funcstack[1] == _coca ]]; then _coca; fi
`;
}

/** What `_arguments` is told of a command, and what goes on after its verb. */
function commandCase(command: CommandWords): string {
  const { verbs, name } = command;
  const pattern = [name, ...command.others].map(quoted).join(' | ');
  const options = command.options.flatMap(optionSpecs);
  if (verbs.length === 0) {
    const args = command.args.map(({ name: arg, values, isVariadic }, i) =>
      quoted(`${isVariadic ? '*' : i + 1}:${escaped(arg)}:${actionOf(values)}`),
    );
    return `    ${pattern})\n      _arguments -S ${[...options, ...args].join(NEXT)} ;;`;
  }
  return `    ${pattern})
      _arguments -C -S -A '-*' ${[...options, "'1: :->verb'", "'*:: :->rest'"].join(NEXT)}
      case $state in
        verb) ${describe('verb', verbs)} ;;
        rest) _coca_command ${quoted(`${name} `)}$words[1] ;;
      esac ;;`;
}

/** A line goes on. */
const NEXT = ' \\\n        ';

/** Words offered with what they are. */
const describe = (what: string, words: readonly Word[]): string =>
  `local -a offered; offered=(\n${words.map(described).join('\n')}\n        ); _describe ${what} offered`;

/** WORD:ABOUT. */
const described = ({ word, about }: Word): string => `          ${quoted(`${word.replaceAll(':', '\\:')}:${about}`)}`;

function optionSpecs(option: OptionWords): string[] {
  const { about, value, isRepeated } = option;
  const flags = spellings(option);
  const others = isRepeated ? '*' : `(${flags.join(' ')})`;
  const tail = value ? `${value.isOptional ? '::' : ':'}${escaped(value.name)}:${actionOf(value.values)}` : '';
  return flags.map((flag) => {
    const mark = value && flag.startsWith('--') ? (value.isOptional ? '=-' : '=') : '';
    return quoted(`${others}${flag}${mark}[${escaped(about)}]${tail}`);
  });
}

function actionOf(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `(${values.words.map(({ word }) => word).join(' ')})`;
    case 'image':
      return '_coca_pictures';
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    case 'free':
      return ' ';
    case 'sites':
      return '_coca_sites';
    default:
      // With a space before it, no words of `_arguments` come before its own.
      return ` _coca_models ${values.kind}`;
  }
}

/** What would end a part of a specification. */
const escaped = (text: string): string => text.replace(/[[\]:]/g, '\\$&');

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
