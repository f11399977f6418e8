/**
 * `schub hook claude`: a hook of Claude Code. Reads what happened from standard input and prints what the model is to be
 * told, or nothing. It never fails and never takes long: whatever is wrong, the client goes on as if there were no hook.
 * Nothing is imported here that takes long to load.
 */
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
}

export const TIME_MS = 250;
/** Where the start alone took longer. */
const AT_LEAST_MS = 80;
const MAX_INPUT = 32 * 1024 * 1024;
const ADDS = ['SessionStart', 'UserPromptSubmit', 'PostToolUse'];

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
  { agent }: HookOptions,
  late: AbortSignal,
): Promise<object | undefined> {
  const { hook_event_name: event, session_id: session } = input;
  if (typeof event !== 'string' || (event !== 'Stop' && !ADDS.includes(event))) return undefined;
  // It goes on because of a hook already: once is enough.
  if (event === 'Stop' && input.stop_hook_active !== false) return undefined;
  const { env, platform, home, cwd } = surroundings();
  const project = env['CLAUDE_PROJECT_DIR'] ?? (typeof input.cwd === 'string' ? input.cwd : cwd);
  const link = findLink({ env, platform, home, project, agent });
  if (link === undefined) return undefined;
  const question = { event, session: typeof session === 'string' ? session.slice(0, 200) : '' };
  const text = await askHub(link, question, late);
  if (text === undefined) return undefined;
  return event === 'Stop'
    ? { decision: 'block', reason: text }
    : { hookSpecificOutput: { hookEventName: event, additionalContext: text } };
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
