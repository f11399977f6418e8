/** What services demand of a caller before they do anything. */
import { may, type Ctx, type Permission } from '../context.ts';
import { HubError } from '../errors.ts';

/** @throws HubError PERMISSION_DENIED */
export function demand(ctx: Ctx, permission: Permission): void {
  if (may(ctx.principal, permission)) return;
  throw new HubError(
    'PERMISSION_DENIED',
    `This call needs the permission ${permission}, which the key does not give.`,
    {
      context: { needed: permission, permissions: [...ctx.principal.permissions] },
      suggestions: [`Ask an operator for a key with the permission ${permission}.`],
    },
  );
}
