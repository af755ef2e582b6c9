import {
  type CommandWords,
  type OptionWords,
  spellings,
  type Values,
  type Vocabulary,
  type Word,
} from './vocabulary.js';

/** Completion for fish: a line for each word and option, with the command after which it can stand. */
export function fishCompletion({ commands, firstWords, globals }: Vocabulary): string {
  const first = { name: '', others: [], options: globals };
  return `# Completion of coca for fish. In ~/.config/fish/config.fish: coca completion fish | source

# The options of a command that have a value.
function __coca_valued
    switch "$argv[1]"
${[first, ...commands].map(valuedCase).join('\n')}
    end
end

# The command of the line so far, and how many arguments of it there are.
function __coca_line
    set -l words (commandline -opc)
    set -l command ''
    set -l number 0
    set -l skip 1
    for word in $words
        if test $skip = 1
            set skip 0
        else if string match -q -- '-*' $word
            if contains -- $word (__coca_valued $command)
                set skip 1
            end
        else if test -z "$command"
            set command $word
        else
            switch "$command $word"
${commands.flatMap(({ name, verbs }) => verbs.map(({ word }) => `                case ${quoted(`${name} ${word}`)}\n                    set command "$command $word"`)).join('\n')}
                case '*'
                    set number (math $number + 1)
            end
        end
    end
    echo $command
    echo $number
end

# Whether the line so far is of one of these commands, with the number of arguments that is given before them (any: -1).
function __coca_at
    set -l line (__coca_line)
    contains -- "$line[1]" $argv[2..-1]; and test $argv[1] = -1 -o $argv[1] = "$line[2]"
end

function __coca_models
    coca models list 2>/dev/null | while read -l -d \\t name state rest
        switch "$argv[1]:$state"
            case 'known-model:*' '*:bundled' '*:installed' '*:folder'
                printf '%s\\t%s\\n' $name $state
        end
    end
end

function __coca_sites
    set -l words (commandline -opc)
    set -l model
    for i in (seq (count $words))
        switch $words[$i]
            case --model -m
                set model $words[(math $i + 1)]
            case '--model=*'
                set model (string replace -- --model= '' $words[$i])
        end
    end
    set -l before (commandline -ct | string replace -r '^--[a-z-]*=' '' | string match -r '^.*,')
    for site in (coca models sites $model 2>/dev/null)
        echo "$before$site"
    end
end

complete -c coca -e
complete -c coca -f
${wordLines('-1', [''], firstWords).join('\n')}
complete -c coca -n '__coca_at -1 ""' -F
${globals.map((option) => optionLine([''], option)).join('\n')}
${commands.flatMap(commandLines).join('\n')}
`;
}

function commandLines(command: CommandWords): string[] {
  const names = [command.name, ...command.others];
  return [
    ...wordLines('0', names, command.verbs),
    ...command.args.flatMap(({ values, isVariadic }, i) => {
      const place = isVariadic ? '-1' : `${i}`;
      if (values.kind === 'words') return wordLines(place, names, values.words);
      return values.kind === 'free' ? [] : [`complete -c coca ${condition(place, names)} ${actionOf(values)}`];
    }),
    ...command.options.map((option) => optionLine(names, option)),
  ];
}

const wordLines = (place: string, names: readonly string[], words: readonly Word[]): string[] =>
  words.map(({ word, about }) => `complete -c coca ${condition(place, names)} -a ${quoted(word)} -d ${quoted(about)}`);

const condition = (place: string, names: readonly string[]): string =>
  `-n ${quoted(`__coca_at ${place} ${names.map((name) => `"${name}"`).join(' ')}`)}`;

function optionLine(commands: readonly string[], { names, short, about, value }: OptionWords): string {
  const flags = [...names.map((name) => `-l ${name}`), ...(short === undefined ? [] : [`-s ${short}`])].join(' ');
  const action = value && !value.isOptional ? ` -r ${actionOf(value.values)}` : '';
  return `complete -c coca ${condition('-1', commands)} ${flags}${action} -d ${quoted(about)}`;
}

function actionOf(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `-f -a ${quoted(values.words.map(({ word }) => word).join(' '))}`;
    case 'free':
      return '-f';
    case 'folder':
      return "-f -a '(__fish_complete_directories)'";
    case 'image':
    case 'file':
      return '-F';
    case 'sites':
      return "-f -k -a '(__coca_sites)'";
    case 'known-model':
      return "-f -k -a '(__coca_models known-model)'";
    default:
      return "-F -k -a '(__coca_models model)'";
  }
}

function valuedCase({ name, others, options }: Pick<CommandWords, 'name' | 'others' | 'options'>): string {
  const flags = options.filter(({ value }) => value && !value.isOptional).flatMap(spellings);
  return `        case ${[name, ...others].map(quoted).join(' ')}\n            printf '%s\\n' ${flags.join(' ')}`;
}

const quoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;
