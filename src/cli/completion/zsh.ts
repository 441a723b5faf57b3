// Owns the completion for zsh.
import { type CommandNode, everyNode, type OptionNode, type Value } from './tree.ts';

/** The script, for `eval` behind compinit, or as a file \`_otagate\` in a folder of fpath. */
export function zshCompletion(root: CommandNode): string {
  return `#compdef otagate
# Completion of otagate for zsh, made by: otagate completion zsh
${everyNode(root).map(functionOf).join('\n')}
_otagate_names() {
  local i
  local -a config names
  for ((i = 1; i < $#otagate_words; i++)); do
    [[ $otagate_words[i] == (-c|--config) ]] && config=(-c "\${otagate_words[i+1]/#\\~/$HOME}")
    [[ $otagate_words[i] == --config=* ]] && config=(-c "\${\${otagate_words[i]#*=}/#\\~/$HOME}")
  done
  names=(\${(f)"$("\${otagate_words[1]/#\\~/$HOME}" complete-names "$1" "\${config[@]}" 2>/dev/null)"})
  compadd -a names
}
_otagate_start() {
  local -a otagate_words=("\${words[@]}")
  _otagate
}
# In fpath, this file is the body of the function itself.
if [[ $funcstack[1] == _otagate ]]; then
  _otagate_start
else
  compdef _otagate_start otagate
fi`;
}

function functionOf({ path, options, arguments: args, commands }: CommandNode): string {
  const name = functionName(path);
  const specs = [
    ...options.map(optionSpec),
    ...(commands.length > 0
      ? [
          quote(`1: :((${commands.map((one) => `${one.name}\\:${quoteChoice(one.about)}`).join(' ')}))`),
          quote('*:: :->below'),
        ]
      : args.map(({ name: called, value, isRepeated }, index) =>
          quote(`${isRepeated ? '*' : index + 1}:${inSpec(called)}:${actionOf(value)}`),
        )),
  ];
  const call = ['_arguments', ...(commands.length > 0 ? ["-C -A '-*'"] : []), ...specs].join(' \\\n    ');
  if (commands.length === 0) return `${name}() {\n  ${call}\n}`;
  const cases = commands.map((one) => `    ${one.name}) ${functionName(one.path)} ;;`).join('\n');
  return `${name}() {
  local state line
  local -A opt_args
  ${call}
  [[ $state == below ]] || return
  case $line[1] in
${cases}
  esac
}`;
}

function functionName(path: string): string {
  return `_otagate${path === '' ? '' : `_${path.replaceAll(/[ -]/g, '_')}`}`;
}

function optionSpec({ flags, about, value, isRepeated }: OptionNode): string {
  const spelt = flags.map((flag) => (value !== null && flag.startsWith('--') ? `${flag}=` : flag));
  const tail = quote(`[${inSpec(about)}]${value === null ? '' : `:${inSpec(flags.at(-1) ?? '')}:${actionOf(value)}`}`);
  const once = isRepeated || flags.length < 2 ? '' : quote(`(${flags.join(' ')})`);
  const all = spelt.length > 1 ? `{${spelt.join(',')}}` : (spelt[0] ?? '');
  return `${isRepeated ? quote('*') : ''}${once}${all}${tail}`;
}

/** A leading space keeps zsh from putting options of its own before ours. */
function actionOf(value: Value): string {
  switch (value.kind) {
    case 'choice':
      return `(${value.choices.join(' ')})`;
    case 'names':
      return ` _otagate_names ${value.of}`;
    case 'file':
      return '_files';
    case 'free':
      return ' ';
  }
}

function inSpec(text: string): string {
  return text.replaceAll(/[\\[\]:]/g, '\\$&');
}

/** Within ((word\:text …)), the words of the text are held together by quotes. */
function quoteChoice(text: string): string {
  return `"${text.replaceAll(/[\\"$`]/g, '\\$&').replaceAll(':', '\\:')}"`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
