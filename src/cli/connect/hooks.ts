/** The hooks of Claude Code that tell a session what happened on the hub meanwhile. */
import path from 'node:path';
import type { Edit, Place, Scope } from '../../features/connect/clients.ts';
import { ownLine } from '../../features/connect/own-command.ts';

/** Tools of Claude Code that change files. */
const EDITS = 'Edit|MultiEdit|Write|NotebookEdit';
/** `matcher` undefined: always. */
const EVENTS: readonly { readonly event: string; readonly matcher?: string }[] = [
  { event: 'SessionStart' },
  { event: 'UserPromptSubmit' },
  { event: 'PreToolUse', matcher: EDITS },
  { event: 'PostToolUse' },
  { event: 'Stop' },
];
/** A hook that ends with 2 blocks what it is for, and so would a schub that is gone, or of a version without it. */
const NEVER_FAIL = '|| true';
/** What a session waits at most. */
const TIMEOUT_SECONDS = 10;
const COMMAND = ['hook', 'claude'];

/** The settings file of Claude Code, which has nothing to do with the file of its servers. */
export function hooksFile({ env, home, cwd }: Place, scope: Scope): string {
  if (scope === 'project') return path.join(cwd, '.claude', 'settings.json');
  return path.join(env['CLAUDE_CONFIG_DIR'] ?? path.join(home, '.claude'), 'settings.json');
}

/** A project's file is shared: no path of this machine is in it. */
export function hooksEdits(place: Place, scope: Scope): readonly Edit[] {
  const line = scope === 'project' ? ['schub', ...COMMAND].join(' ') : ownLine(place, COMMAND);
  const command = `${line} ${NEVER_FAIL}`;
  const hooks = [{ type: 'command', command, timeout: TIMEOUT_SECONDS }];
  return EVENTS.map(({ event, matcher }) => ({
    at: ['hooks', event],
    add: matcher === undefined ? { hooks } : { matcher, hooks },
  }));
}
