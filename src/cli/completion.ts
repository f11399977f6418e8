/** `schub completion`: a script for the shell that completes commands and their options, made from the commands themselves. */
import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

interface Node {
  /** The words before it, as `keys create`. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly about: string }[];
}

/** Answers the text of the script. */
export function completionScript(program: Command, shell: Shell): string {
  const nodes = nodesOf(program, '');
  const name = program.name();
  if (shell === 'fish') return fish(name, nodes);
  return shell === 'bash'
    ? bash(name, nodes)
    : `autoload -U +X bashcompinit && bashcompinit\n${bash(name, nodes)}`;
}

function nodesOf(command: Command, path: string): readonly Node[] {
  const help = command.createHelp();
  const commands = help
    .visibleCommands(command)
    .map((sub) => ({ word: sub.name(), about: sub.summary() || sub.description() }));
  const options = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].flatMap(
    ({ long, description }) => (long == null ? [] : [{ word: long, about: description }]),
  );
  const below = command.commands.flatMap((sub) => nodesOf(sub, `${path} ${sub.name()}`.trim()));
  return [{ path, words: [...commands, ...options] }, ...below];
}

function bash(name: string, nodes: readonly Node[]): string {
  const cases = nodes.map(
    ({ path, words }) => `    '${path}') words='${words.map(({ word }) => word).join(' ')}' ;;`,
  );
  return `# Completion of ${name}.
_${name}() {
  local path='' word words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    [[ $word == -* ]] || path="\${path:+$path }$word"
  done
  while :; do
    case "$path" in
${cases.map((line) => `  ${line}`).join('\n')}
    esac
    [[ -n $words || -z $path ]] && break
    [[ $path == *' '* ]] && path="\${path% *}" || path=''
  done
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${name} ${name}
`;
}

function fish(name: string, nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, words }) => {
    const condition =
      path === ''
        ? '__fish_use_subcommand'
        : path
            .split(' ')
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join('; and ');
    return words.map(({ word, about }) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`;
      return `complete -c ${name} -n '${condition}' -f ${what} -d '${about.replaceAll("'", '’')}'`;
    });
  });
  return `# Completion of ${name}.\n${lines.join('\n')}\n`;
}
