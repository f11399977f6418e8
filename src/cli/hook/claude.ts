/**
 * `schub hook claude`: a hook of Claude Code. Reads what happened from standard input and prints what the model is to be
 * told, or nothing. It never fails and never takes long: whatever is wrong, the client goes on as if there were no hook.
 * Nothing is imported here that takes long to load.
 */
import path from 'node:path';
import { surroundings } from '../../config/env.ts';
import { askHub } from './ask.ts';
import { findLink } from './link.ts';

export interface HookIo {
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
  readonly stdout: { write(text: string, written: () => void): unknown };
}

export interface HookOptions {
  /** Deny what is under another agent's lease, in place of a warning. */
  readonly refuse: boolean;
  readonly agent?: string | undefined;
  /** Milliseconds, the start of the process included; what is no number of them means {@link TIME_MS}. */
  readonly within?: string | undefined;
}

/** What Claude Code says, as far as it matters here. */
interface HookInput {
  readonly hook_event_name?: unknown;
  readonly session_id?: unknown;
  readonly cwd?: unknown;
  readonly stop_hook_active?: unknown;
  readonly tool_name?: unknown;
  readonly tool_input?: unknown;
}

export const TIME_MS = 250;
/** Where the start alone took longer. */
const AT_LEAST_MS = 80;
const MAX_INPUT = 32 * 1024 * 1024;
const MAX_SESSION = 200;
const MAX_NAME = 500;
const EVENTS = ['SessionStart', 'UserPromptSubmit', 'PreToolUse', 'PostToolUse', 'Stop'];
const EDITS = ['Edit', 'MultiEdit', 'Write', 'NotebookEdit'];

export async function runClaudeHook(options: HookOptions, { stdin, stdout }: HookIo): Promise<void> {
  try {
    const within = /^\d{2,5}$/.test(options.within ?? '') ? Number(options.within) : TIME_MS;
    const late = AbortSignal.timeout(Math.max(Math.ceil(within - performance.now()), AT_LEAST_MS));
    const input = stdin.isTTY === true ? undefined : await readInput(stdin, late);
    const output = input && (await answer(input, options, late));
    if (output === undefined) return;
    const text = `${JSON.stringify(output)}\n`;
    await new Promise<void>((resolve) => stdout.write(text, resolve));
  } catch {
    // Nobody would be helped by hearing of it in the middle of a conversation.
  }
}

async function answer(
  input: HookInput,
  { agent, refuse }: HookOptions,
  late: AbortSignal,
): Promise<object | undefined> {
  const { hook_event_name: event, session_id: session } = input;
  if (typeof event !== 'string' || !EVENTS.includes(event)) return undefined;
  // It goes on because of a hook already: once is enough.
  if (event === 'Stop' && input.stop_hook_active !== false) return undefined;
  const { env, platform, home, cwd } = surroundings();
  const project = env['CLAUDE_PROJECT_DIR'] ?? (typeof input.cwd === 'string' ? input.cwd : cwd);
  const files = event === 'PreToolUse' ? namesOf(input, project) : [];
  if (event === 'PreToolUse' && files.length === 0) return undefined;
  const link = findLink({ env, platform, home, project, agent });
  if (link === undefined) return undefined;
  const question = {
    event,
    session: typeof session === 'string' ? session.slice(0, MAX_SESSION) : '',
    ...(files.length > 0 ? { files, refuses: refuse } : {}),
  };
  const text = await askHub(link, question, late);
  if (text === undefined) return undefined;
  if (event === 'Stop') return { decision: 'block', reason: text };
  const said =
    event === 'PreToolUse' && refuse
      ? { permissionDecision: 'deny', permissionDecisionReason: text }
      : { additionalContext: text };
  return { hookSpecificOutput: { hookEventName: event, ...said } };
}

/** The file that a tool is about to change, as leases may call it: from the project's folder on, and in full. */
function namesOf({ tool_name: tool, tool_input: given, cwd }: HookInput, project: string): readonly string[] {
  if (typeof tool !== 'string' || !EDITS.includes(tool)) return [];
  const { file_path, notebook_path } = (given ?? {}) as Readonly<Record<string, unknown>>;
  const file = file_path ?? notebook_path;
  if (typeof file !== 'string' || file === '') return [];
  const absolute = path.resolve(typeof cwd === 'string' ? cwd : project, file);
  const relative = path.relative(project, absolute);
  const inside = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
  return [...(inside ? [relative] : []), absolute]
    .map((name) => name.split(path.sep).join('/'))
    .filter((name) => name.length <= MAX_NAME);
}

/** Undefined: it is no JSON object, or too long, or does not end in time. */
async function readInput(stdin: HookIo['stdin'], late: AbortSignal): Promise<HookInput | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const read = async (): Promise<HookInput | undefined> => {
    for await (const chunk of stdin) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_INPUT) return undefined;
    }
    const input: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof input === 'object' && input !== null ? input : undefined;
  };
  const timeUp = new Promise<undefined>((resolve) => {
    late.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  return Promise.race([read(), timeUp]);
}
