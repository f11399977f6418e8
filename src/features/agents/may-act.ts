/** The one rule of which agents a key may act as, whoever asks: a connection, a handle, a token, or a transfer. */
import { HubError } from '../../errors.ts';

/** What a key is bound to. Ids and types compare without case. */
export interface KeyBounds {
  readonly keyName: string;
  /** The one agent the key acts as, if it is bound to one. */
  readonly fixedAgentId: string | null;
  /** Null: any that are free or its own. */
  readonly allowedIds: readonly string[] | null;
  /** Null: any. */
  readonly allowedTypes: readonly string[] | null;
  /** How the caller said what is wanted, for errors; by default in headers. */
  readonly named?: { readonly id: string; readonly type: string };
}

export const HEADERS = { id: 'X-Agent-Id', type: 'X-Agent-Type' };

/** The ids a key may act as; null: any that are free or its own. */
export function allowedIdsOf({
  fixedAgentId,
  allowedIds,
}: Pick<KeyBounds, 'fixedAgentId' | 'allowedIds'>): readonly string[] | null {
  return fixedAgentId === null ? allowedIds : [fixedAgentId];
}

/**
 * Whether a key's own limits let it act as an agent of this id and type. Whom the id belongs to is another question.
 * @throws HubError PERMISSION_DENIED that names what was wanted and what is allowed.
 */
export function demandMayActAs(bounds: KeyBounds, agentId: string, agentType: string): void {
  const { keyName, allowedTypes, named = HEADERS } = bounds;
  demandMayUseId(bounds, agentId);
  if (allowedTypes !== null && !includes(allowedTypes, agentType)) {
    const allowed = `key ${keyName} allows ${allowedTypes.join(', ')} for ${agentId}`;
    throw contradiction(named.type, agentType, allowed);
  }
}

/** The part of {@link demandMayActAs} that is known without looking the agent up. @throws HubError PERMISSION_DENIED */
export function demandMayUseId(bounds: KeyBounds, agentId: string): void {
  const ids = allowedIdsOf(bounds);
  if (ids === null || includes(ids, agentId)) return;
  const { keyName, named = HEADERS } = bounds;
  throw contradiction(named.id, agentId, `key ${keyName} acts as ${ids.join(', ')} only`);
}

export function contradiction(header: string, value: string, fixed: string): HubError {
  return new HubError('PERMISSION_DENIED', `${header} says ${value}, but ${fixed}.`, {
    context: { header, value },
    suggestions: [`Leave ${header} out, or make it agree.`],
  });
}

function includes(list: readonly string[], value: string): boolean {
  return list.some((one) => one.toLowerCase() === value.toLowerCase());
}
