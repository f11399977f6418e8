/** What each caller must and must not learn from each tool: one row per way of asking, run by every caller. */
import { expect } from 'vitest';
import type { ToolAnswer } from './connect-client.ts';
import { expectError, lasting } from './scenario-doors.ts';
import { ADMINS, hiddenFrom, seenBy, STRANGERS, type Caller, type Posted, type World } from './scenario.ts';

export interface Asking {
  readonly world: World;
  readonly caller: Caller;
  /** Calls the row's tool; no answer may hold a word that is hidden from the caller. */
  call(args: Record<string, unknown>): Promise<ToolAnswer>;
}

type Seen = Pick<Asking, 'world' | 'caller'>;

export interface AccessRow {
  readonly tool: string;
  readonly how: string;
  readonly run: (asking: Asking) => Promise<void>;
}

export const row = (tool: string, how: string, run: AccessRow['run']): AccessRow => ({ tool, how, run });

/** Fails if `text` holds a word of a message or memory entry that `caller` may not see. */
export function expectNothingHidden(world: World, caller: Caller, text: string): void {
  for (const { canary } of hiddenFrom(world, caller.name))
    expect(text, `${caller.name} read`).not.toContain(canary);
}

export const isStranger = ({ caller }: Asking): boolean => STRANGERS.includes(caller.name);
export const isAdmin = ({ caller }: Asking): boolean => ADMINS.includes(caller.name);
export const isReader = ({ caller }: Asking): boolean => caller.name === 'reader';

export function seenIn({ world, caller }: Seen, session: 'main' | 'quiet' | 'later'): readonly Posted[] {
  return seenBy(world, caller.name).filter((line) => line.session === world.sessions[session]);
}

/** What a session must look like to the caller. */
export function sessionAsSeen(asking: Seen, session: 'main' | 'quiet' | 'later') {
  const lines = seenIn(asking, session);
  return {
    session_id: asking.world.sessions[session],
    message_count: lines.length,
    last_message_at: lines.at(-1)?.timestamp ?? null,
    participants: [...new Set(lines.map(({ sender }) => sender))].sort(),
  };
}

export function sessionOf(value: unknown): ReturnType<typeof sessionAsSeen> {
  const session = value as ReturnType<typeof sessionAsSeen>;
  const { session_id, message_count, last_message_at, participants } = session;
  return { session_id, message_count, last_message_at, participants: [...participants].sort() };
}

export const idsOf = (answer: Record<string, unknown>): number[] =>
  (answer['messages'] as { id: number }[]).map(({ id }) => id);
export const ids = (lines: readonly Posted[]): number[] => lines.map(({ id }) => id);

/** Strangers are told the same of a session that is not theirs and of one that is not there. */
export async function expectNoSession(
  { call, caller }: Asking,
  args: Record<string, unknown>,
): Promise<void> {
  const { session_id } = args as { session_id: string };
  const error = expectError(await call(args), 'SESSION_NOT_FOUND', caller.name);
  const invented = 'session_0123456789abcdef';
  const missing = expectError(
    await call({ ...args, session_id: invented }),
    'SESSION_NOT_FOUND',
    caller.name,
  );
  expect(JSON.stringify(lasting(error))).toBe(
    JSON.stringify(lasting(missing)).replaceAll(invented, session_id),
  );
}

/** A message that is hidden is refused in the words for one that does not exist. */
export function expectSameRefusal(error: object, id: number, missing: object): void {
  expect(JSON.stringify(error).replaceAll(String(id), '999999')).toBe(JSON.stringify(missing));
}
