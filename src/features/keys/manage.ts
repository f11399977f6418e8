/** Which keys an operator looks after, and how one is named. */
import type { Ctx } from '../../context.ts';
import { HubError, invalid } from '../../errors.ts';
import type { KeyRow, Reads } from '../../store/port.ts';
import { looksAfterAll } from '../operator.ts';

/** The operator of the default workspace sets the others up; the operator of another one sees only its own. */
export function managesAll({ principal }: Ctx): boolean {
  return looksAfterAll(principal);
}

export function mayManage(ctx: Ctx, workspace: string): boolean {
  return managesAll(ctx) || ctx.principal.workspace === workspace;
}

/** @throws HubError PERMISSION_DENIED, which says `what` cannot be done. */
export function demandMayManage(ctx: Ctx, workspace: string, what: string): void {
  if (mayManage(ctx, workspace)) return;
  const { workspace: own } = ctx.principal;
  throw new HubError(
    'PERMISSION_DENIED',
    `A key of workspace ${own} cannot ${what} workspace ${workspace}.`,
    {
      context: { workspace, own },
      suggestions: [`Use an admin key of ${workspace}, or name workspace ${own}.`],
    },
  );
}

/**
 * The key of this id or name. One of another workspace is as unknown as one that never was.
 * @throws HubError INVALID_INPUT about `field`.
 */
export async function requireKey(
  db: Pick<Reads, 'keys'>,
  ctx: Ctx,
  idOrName: string,
  field = 'key_id',
): Promise<KeyRow> {
  const row = (await db.keys.byId(idOrName)) ?? (await db.keys.byName(idOrName));
  if (row !== undefined && mayManage(ctx, row.workspace)) return row;
  throw invalid(field, idOrName, 'the id or the name of a key, as keys list shows them');
}
