/** The command line of a hook, read without the program around it, which takes longer to load than a hook may take. */
import type { HookOptions } from './claude.ts';

/**
 * Undefined: it is no hook that is to run. What is no option is passed over: a client would take an error for its user's
 * or its model's fault.
 */
export function hookOptionsOf(argv: readonly string[]): HookOptions | undefined {
  const [noun, client, ...rest] = argv;
  if (noun !== 'hook' || client !== 'claude' || rest.includes('--help') || rest.includes('-h'))
    return undefined;
  const valueOf = (name: string): string | undefined => {
    const i = rest.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
    return rest[i]?.includes('=') === true
      ? rest[i].slice(name.length + 1)
      : i === -1
        ? undefined
        : rest[i + 1];
  };
  return { refuse: rest.includes('--refuse'), agent: valueOf('--agent'), within: valueOf('--within') };
}
