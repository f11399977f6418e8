/** Who makes room when all MCP sessions are taken: no key may keep the others out. */
import type { Session } from './session.ts';

/**
 * Of the key that holds most, the session that has been unused for longest; undefined if `keyId` would then hold as many
 * itself, or that key uses all it has.
 */
export function sessionToEnd(sessions: Iterable<Session>, keyId: string): Session | undefined {
  const held = Map.groupBy(sessions, ({ binding }) => binding.keyId);
  const own = held.get(keyId)?.length ?? 0;
  const [most = []] = [...held.values()].sort((a, b) => b.length - a.length);
  if (most.length <= own + 1) return undefined;
  const [longest] = most.filter((session) => session.unused).sort((a, b) => a.lastUsed - b.lastUsed);
  return longest;
}
