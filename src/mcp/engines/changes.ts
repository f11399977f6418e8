/** What the server tells clients that have not asked just now. */
import type { Principal } from '../../context.ts';
import type { ListKind } from './rich-surface.ts';

/** Another content of a list, or of the resource with a key, see `RichSurface.resourceKey`. */
export type Change = { readonly list: ListKind } | { readonly resource: string };

/** Whether a caller may learn of a change. */
export type MayKnow = (principal: Principal) => boolean;

export function listChanged(list: ListKind) {
  return { jsonrpc: '2.0' as const, method: `notifications/${list}/list_changed` };
}

/** `uri` as the watcher gave it. */
export function resourceUpdated(uri: string) {
  return { jsonrpc: '2.0' as const, method: 'notifications/resources/updated', params: { uri } };
}
