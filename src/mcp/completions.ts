/** Completion of the arguments of prompts and of the ids in resource templates. */
import { may, type Ctx } from '../context.ts';
import { COLLABORATION_TYPES } from './prompts.ts';
import type { CompletionRequest } from './surface.ts';
import type { ToolHub } from './tool.ts';

/** As many values as a completion may have, by the protocol. */
const MAX_VALUES = 100;

type Completer = (hub: ToolHub, ctx: Ctx, prefix: string) => Promise<readonly string[]>;

const oneOf =
  (values: readonly string[]): Completer =>
  (_hub, _ctx, prefix) =>
    Promise.resolve(values.filter((value) => value.startsWith(prefix.toLowerCase())));

const COMPLETERS: Readonly<Record<string, Completer>> = {
  session_id: ({ services }, ctx, prefix) => services.sessions.complete(ctx, prefix, MAX_VALUES),
  agent_id: completeAgent,
  collaboration_type: oneOf(COLLABORATION_TYPES),
};

export async function complete(
  hub: ToolHub,
  ctx: Ctx,
  { argument, value }: CompletionRequest,
): Promise<readonly string[]> {
  return (await COMPLETERS[argument]?.(hub, ctx, value)) ?? [];
}

/** Only what may be read is offered: one's own id, and to an admin all. */
async function completeAgent({ services }: ToolHub, ctx: Ctx, prefix: string): Promise<readonly string[]> {
  if (may(ctx.principal, 'admin')) return services.agents.complete(ctx, prefix, MAX_VALUES);
  const own = ctx.principal.agentId;
  return own.toLowerCase().startsWith(prefix.toLowerCase()) ? [own] : [];
}
