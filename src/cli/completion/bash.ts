// Owns the completion for bash (3.2 and later, with or without the bash-completion package).
import { type CommandNode, everyNode, type OptionNode, type Value } from './tree.ts';

/** The script. It runs otagate only for names of routes, openings and images; all else stands in it. */
export function bashCompletion(root: CommandNode): string {
  const nodes = everyNode(root);
  const below = nodes.filter(({ path }) => path !== '');
  return `# Completion of otagate for bash, made by: otagate completion bash
_otagate() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" path='' want='' config='' list='' word i at=0
  local IFS=$' \\t\\n'
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if [[ -n $want ]]; then
      # bash makes three words of --config=FILE.
      [[ $word == '=' ]] && continue
      [[ $want == config ]] && config="\${word/#\\~/$HOME}"
      want=''
      continue
    fi
    case "$path $word" in
${below.map(({ path, name }) => `      ${quote(`${path.slice(0, -name.length).trim()} ${name}`)}) path=${quote(path)} at=0 ;;`).join('\n')}
${nodes.flatMap(({ path, options }) => options.flatMap((option) => valueCase(path, option))).join('\n')}
      *' -'*) ;;
      *) at=$((at + 1)) ;;
    esac
  done
  [[ -n $want && $cur == '=' ]] && cur=''
  if [[ -z $want && $cur == -* ]]; then
    case "$path" in
${nodes.map(({ path, options }) => `      ${quote(path)}) list=${quote(options.flatMap(({ flags }) => flags).join(' '))} ;;`).join('\n')}
    esac
  elif [[ -z $want ]]; then
    case "$path $at" in
${nodes.flatMap(positionCases).join('\n')}
    esac
  fi
  case "$want" in
    config | file)
      # Outside of a completion there is no compopt to ask.
      compopt -o default 2>/dev/null && return
      IFS=$'\\n'
      COMPREPLY=($(compgen -f -- "$cur"))
      return
      ;;
    routes | openings | images)
      list="$("\${COMP_WORDS[0]/#\\~/$HOME}" complete-names "$want" \${config:+-c "$config"} 2>/dev/null)"
      ;;
    'one of '*) list="\${want#one of }" ;;
  esac
  for word in $list; do
    [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
  done
}
complete -F _otagate otagate`;
}

function valueCase(path: string, { flags, value }: OptionNode): string[] {
  if (value === null) return [];
  const want = flags.includes('--config') ? 'config' : wantOf(value);
  return [`      ${flags.map((flag) => quote(`${path} ${flag}`)).join(' | ')}) want=${quote(want)} ;;`];
}

function positionCases({ path, commands, arguments: args }: CommandNode): string[] {
  if (commands.length > 0)
    return [`      ${quote(`${path} 0`)}) list=${quote(commands.map(({ name }) => name).join(' '))} ;;`];
  return args.map(({ value, isRepeated }, index) => {
    const at = isRepeated ? `${quote(`${path} `)}*` : quote(`${path} ${index}`);
    return `      ${at}) want=${quote(wantOf(value))} ;;`;
  });
}

function wantOf(value: Value): string {
  switch (value.kind) {
    case 'choice':
      return `one of ${value.choices.join(' ')}`;
    case 'names':
      return value.of;
    case 'file':
    case 'free':
      return value.kind;
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
