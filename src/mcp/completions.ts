/** Completion of the arguments of prompts and of the ids in resource templates. */
import { may, type Ctx } from '../context.ts';
import { COLLABORATION_TYPES, MAX_ROUNDS, PROMPT_DESCRIPTORS } from './prompts.ts';
import { RESOURCE_TEMPLATES } from './resources.ts';
import { type CompletionRequest, UnknownName } from './surface.ts';
import type { ToolHub } from './tool.ts';

/** As many values as a completion may have, by the protocol. */
const MAX_VALUES = 100;

type Completer = (hub: ToolHub, ctx: Ctx, prefix: string) => Promise<readonly string[]>;

const oneOf =
  (values: readonly string[]): Completer =>
  (_hub, _ctx, prefix) =>
    Promise.resolve(values.filter((value) => value.startsWith(prefix.toLowerCase())));

/** Sessions whose participants are offered as recipients. */
const RECENT_SESSIONS = 20;
const AGENT_ID = /^[A-Za-z0-9._@-]+$/;

const COMPLETERS: Readonly<Record<string, Completer>> = {
  session_id: ({ services }, ctx, prefix) => services.sessions.complete(ctx, prefix, MAX_VALUES),
  agent_id: completeAgent,
  to: completeRecipient,
  collaboration_type: oneOf(COLLABORATION_TYPES),
  iteration_rounds: oneOf(Array.from({ length: MAX_ROUNDS }, (_, index) => String(index + 1))),
};

/** @throws UnknownName */
export async function complete(
  hub: ToolHub,
  ctx: Ctx,
  { ref, argument, value }: CompletionRequest,
): Promise<readonly string[]> {
  if (!argumentsOf(ref).includes(argument)) return [];
  return (await COMPLETERS[argument]?.(hub, ctx, value)) ?? [];
}

function argumentsOf(ref: CompletionRequest['ref']): readonly string[] {
  if (ref.type === 'prompt') {
    const prompt = PROMPT_DESCRIPTORS.find(({ name }) => name === ref.name);
    if (prompt === undefined) throw new UnknownName(`There is no prompt ${ref.name}.`);
    return prompt.arguments.map(({ name }) => name);
  }
  const template = RESOURCE_TEMPLATES.find(({ uriTemplate }) => uriTemplate === ref.uri);
  if (template === undefined) throw new UnknownName(`There is no resource template ${ref.uri}.`);
  return [...template.uriTemplate.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? []);
}

/** Only what may be read is offered: one's own id, and to an admin all. */
async function completeAgent({ services }: ToolHub, ctx: Ctx, prefix: string): Promise<readonly string[]> {
  if (may(ctx.principal, 'admin')) return services.agents.complete(ctx, prefix, MAX_VALUES);
  const own = ctx.principal.agentId;
  return own.toLowerCase().startsWith(prefix.toLowerCase()) ? [own] : [];
}

/** Who posted where the caller saw it: names that it has met. */
async function completeRecipient(
  { services }: ToolHub,
  ctx: Ctx,
  prefix: string,
): Promise<readonly string[]> {
  const { sessions } = await services.sessions.list(ctx, { limit: RECENT_SESSIONS });
  const met = new Set(sessions.flatMap(({ participants }) => participants));
  return [...met]
    .filter((name) => AGENT_ID.test(name) && name !== ctx.principal.agentId)
    .filter((name) => name.toLowerCase().startsWith(prefix.toLowerCase()))
    .sort()
    .slice(0, MAX_VALUES);
}
