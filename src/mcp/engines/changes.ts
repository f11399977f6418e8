/** What the server tells clients that have not asked just now. */
import type { Principal } from '../../context.ts';
import type { ListKind } from './rich-surface.ts';

/** Another content of a list, or of the resource at an address. */
export type Change = { readonly list: ListKind } | { readonly resource: string };

/** Whether a caller may learn of a change. */
export type MayKnow = (principal: Principal) => boolean;

export function notificationOf(change: Change) {
  const jsonrpc = '2.0' as const;
  if ('list' in change) return { jsonrpc, method: `notifications/${change.list}/list_changed` };
  return { jsonrpc, method: 'notifications/resources/updated', params: { uri: change.resource } };
}
