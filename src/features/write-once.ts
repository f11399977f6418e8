/** Writes that may be retried: the same idempotency key, agent, tool and arguments give the first answer again. */
import type { Ctx } from '../context.ts';
import { HubError } from '../errors.ts';
import type { Store, Tx } from '../store/port.ts';

export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1000;

/**
 * Runs `work` in a transaction, or answers what it answered the first time. The answer must be plain JSON.
 * @throws HubError IDEMPOTENCY_MISMATCH where the key came with another tool or other arguments.
 */
export function writeOnce<T extends object>(
  store: Store,
  ctx: Ctx,
  now: number,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { idempotency, principal } = ctx;
  if (idempotency === undefined) return store.write(work);
  const { key, tool, argsHash } = idempotency;
  return store.write(async (tx) => {
    const first = await firstAnswer<T>(tx, ctx, now);
    if (first !== undefined) return first;
    const answer = await work(tx);
    const result = JSON.stringify(answer);
    await tx.idempotency.put(principal.workspace, principal.agentId, key, {
      tool,
      argsHash,
      result,
      createdAt: now,
    });
    return answer;
  });
}

/**
 * What the call was answered the first time, if it was.
 * @throws HubError IDEMPOTENCY_MISMATCH where the key came with another tool or other arguments.
 */
async function firstAnswer<T extends object>(tx: Tx, ctx: Ctx, now: number): Promise<T | undefined> {
  const { idempotency, principal } = ctx;
  if (idempotency === undefined) return undefined;
  const { key, tool, argsHash } = idempotency;
  const first = await tx.idempotency.get(principal.workspace, principal.agentId, key);
  if (first === undefined || first.createdAt <= now - IDEMPOTENCY_TTL_MS) return undefined;
  if (first.tool !== tool || first.argsHash !== argsHash) throw mismatch(key, first.tool);
  return JSON.parse(first.result) as T;
}

/**
 * What the call was answered the first time, before anything else is asked about it: a repetition changes nothing.
 * @throws HubError IDEMPOTENCY_MISMATCH where the key came with another tool or other arguments.
 */
export async function answered<T extends object>(
  store: Pick<Store, 'write'>,
  ctx: Ctx,
  now: number,
): Promise<T | undefined> {
  return ctx.idempotency === undefined ? undefined : store.write((tx) => firstAnswer<T>(tx, ctx, now));
}

function mismatch(key: string, tool: string): HubError {
  return new HubError(
    'IDEMPOTENCY_MISMATCH',
    `idempotency_key ${key} was used for another call of ${tool}.`,
    {
      context: { idempotency_key: key, first_tool: tool },
      suggestions: [
        'Use a new idempotency_key for a new call; repeat the same arguments to retry the old one.',
      ],
    },
  );
}
