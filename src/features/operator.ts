/** What concerns the hub as a whole, all its workspaces together. */
import { may, type Ctx, type Principal } from '../context.ts';
import { HubError } from '../errors.ts';
import { ALL_WORKSPACES } from '../store/port.ts';
import { demand } from './permissions.ts';
import { DEFAULT_WORKSPACE } from './sessions/service.ts';

/** Whether what happens in a workspace is the business of whoever is of `own`. */
export function reaches(own: string, workspace: string): boolean {
  return own === ALL_WORKSPACES || own === workspace;
}

/** Whether the workspace is the one from which the hub is looked after, or all. */
export function looksAfterAll({ workspace }: Pick<Principal, 'workspace'>): boolean {
  return workspace === ALL_WORKSPACES || workspace === DEFAULT_WORKSPACE;
}

/** The operator of another workspace sees only its own. */
export function isOperator(principal: Principal): boolean {
  return may(principal, 'admin') && looksAfterAll(principal);
}

/** @throws HubError PERMISSION_DENIED */
export function demandOperator(ctx: Ctx): void {
  demand(ctx, 'admin');
  if (isOperator(ctx.principal)) return;
  const { workspace } = ctx.principal;
  throw new HubError(
    'PERMISSION_DENIED',
    `This tells of the whole hub, and the key is of workspace ${workspace} alone.`,
    {
      context: { needed: 'admin', workspace },
      suggestions: [`Use an admin key of workspace ${DEFAULT_WORKSPACE}, or one of all workspaces.`],
    },
  );
}
