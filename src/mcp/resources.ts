/** Resources: what can be read by address. Permissions and visibility are those of the services behind. */
import type { Ctx, Principal } from '../context.ts';
import { demandOperator, isOperator } from '../features/operator.ts';
import { ALL_WORKSPACES } from '../store/port.ts';
import { fit } from './budget.ts';
import { decodeId } from './resource-keys.ts';
import { docsMarkdown } from './docs.ts';
import { performanceReport } from './performance.ts';
import { idsInFull, shortenMessage, toEntry, toMessage, toSession } from './shapes.ts';
import type {
  ResourceContents,
  ResourceDescriptor,
  ResourceTemplateDescriptor,
  ToolDescriptor,
} from './surface.ts';
import { UnknownName } from './surface.ts';
import type { ToolHub } from './tool.ts';

export interface ResourceDeps {
  readonly hub: ToolHub;
  readonly serverInfo: { readonly name: string; readonly version: string };
  toolsOf(ctx: Ctx): readonly ToolDescriptor[];
}

const JSON_TYPE = 'application/json';
export const PERFORMANCE_URI = 'performance://metrics';
const NEWEST_MESSAGES = 50;
const MAX_ENTRIES = 200;
const MAX_UNREAD = 50;
const MAX_TOKENS = 20_000;

const FOR_ALL: readonly ResourceDescriptor[] = [
  {
    uri: 'hub://info',
    name: 'hub-info',
    title: 'Hub and caller',
    description: 'This hub, and who you are on it.',
    mimeType: JSON_TYPE,
  },
  {
    uri: 'docs://tools',
    name: 'docs-tools',
    title: 'Tools',
    description: 'The tools you may use, with their parameters.',
    mimeType: 'text/markdown',
  },
];
const FOR_OPERATORS: readonly ResourceDescriptor[] = [
  ...FOR_ALL,
  {
    uri: PERFORMANCE_URI,
    name: 'performance-metrics',
    title: 'Performance',
    description: 'What the hub measured in the last five minutes, and what there is now.',
    mimeType: JSON_TYPE,
  },
];

export function resourcesFor(principal: Principal): readonly ResourceDescriptor[] {
  return isOperator(principal) ? FOR_OPERATORS : FOR_ALL;
}

export const RESOURCE_TEMPLATES: readonly ResourceTemplateDescriptor[] = [
  {
    uriTemplate: 'session://{session_id}/messages',
    name: 'session-messages',
    title: 'Messages of a session',
    description: `The newest ${NEWEST_MESSAGES} messages of a session, newest last.`,
    mimeType: JSON_TYPE,
  },
  {
    uriTemplate: 'session://{session_id}',
    name: 'session',
    title: 'Session',
    description: 'A session, who takes part, and its newest messages.',
    mimeType: JSON_TYPE,
  },
  {
    uriTemplate: 'agent://{agent_id}/inbox',
    name: 'agent-inbox',
    title: 'Inbox of an agent',
    description: 'Messages that speak to an agent and are not acknowledged, oldest first.',
    mimeType: JSON_TYPE,
  },
  {
    uriTemplate: 'agent://{agent_id}/memory',
    name: 'agent-memory',
    title: 'Memory of an agent',
    description: 'The memory entries of an agent, without their values.',
    mimeType: JSON_TYPE,
  },
];

/** Of all resources, those with parts that vary included. */
export const ADDRESSES: readonly string[] = [
  ...FOR_OPERATORS.map(({ uri }) => uri),
  ...RESOURCE_TEMPLATES.map(({ uriTemplate }) => uriTemplate),
];

type Reader = (
  deps: ResourceDeps,
  ctx: Ctx,
  id: string,
) => Promise<{ readonly mimeType: string; readonly text: string }>;

const json = (value: unknown) => ({ mimeType: JSON_TYPE, text: JSON.stringify(value) });

const READERS: readonly { readonly pattern: RegExp; readonly read: Reader }[] = [
  { pattern: /^hub:\/\/info$/, read: (deps, ctx) => Promise.resolve(json(hubInfo(deps, ctx))) },
  {
    pattern: /^docs:\/\/tools$/,
    read: (deps, ctx) =>
      Promise.resolve({ mimeType: 'text/markdown', text: docsMarkdown(deps.toolsOf(ctx)) }),
  },
  {
    pattern: /^performance:\/\/metrics$/,
    read: async ({ hub }, ctx) => json(await performanceReport(hub, ctx)),
  },
  {
    pattern: /^session:\/\/([^/]+)\/messages$/,
    read: async (deps, ctx, id) => json(await newestMessages(deps, ctx, id)),
  },
  { pattern: /^session:\/\/([^/]+)$/, read: async (deps, ctx, id) => json(await session(deps, ctx, id)) },
  {
    pattern: /^agent:\/\/([^/]+)\/inbox$/,
    read: async (deps, ctx, id) => json(await inbox(deps, ctx, id)),
  },
  {
    pattern: /^agent:\/\/([^/]+)\/memory$/,
    read: async (deps, ctx, id) => json(await memory(deps, ctx, id)),
  },
];

/** @throws HubError with the code of what is missing; UnknownName for an address of no resource. */
export async function readResource(deps: ResourceDeps, ctx: Ctx, uri: string): Promise<ResourceContents> {
  for (const { pattern, read } of READERS) {
    const match = pattern.exec(uri);
    if (match === null) continue;
    return { uri, ...(await read(deps, ctx, decodeId(match[1] ?? ''))) };
  }
  throw new UnknownName(`There is no resource ${uri}.`);
}

/**
 * Settles where the caller may read what is there.
 * @throws as `readResource`
 */
export async function watchResource(
  { hub: { services } }: ResourceDeps,
  ctx: Ctx,
  uri: string,
): Promise<void> {
  const [, id] = READERS.map(({ pattern }) => pattern.exec(uri)).find((match) => match !== null) ?? [''];
  if (!READERS.some(({ pattern }) => pattern.test(uri)))
    throw new UnknownName(`There is no resource ${uri}.`);
  if (uri === PERFORMANCE_URI) demandOperator(ctx);
  if (id === undefined) return;
  if (uri.startsWith('session:')) await services.sessions.get(ctx, decodeId(id));
  else if (uri.endsWith('/inbox')) await services.delivery.unread(ctx, { agentId: decodeId(id), limit: 0 });
  else await services.memory.list(ctx, { agentId: decodeId(id), scope: 'agent', sessionId: 'all', limit: 1 });
}

function hubInfo({ serverInfo }: ResourceDeps, { principal }: Ctx) {
  return {
    name: serverInfo.name,
    version: serverInfo.version,
    agent_id: principal.agentId,
    agent_type: principal.agentType,
    workspace: principal.workspace === ALL_WORKSPACES ? 'all' : principal.workspace,
    permissions: [...principal.permissions],
    key: principal.keyName,
  };
}

async function session(deps: ResourceDeps, ctx: Ctx, sessionId: string) {
  const view = toSession(await deps.hub.services.sessions.get(ctx, sessionId));
  const { messages, truncated } = await messagesOf(deps, ctx, sessionId, 10);
  return {
    session: view,
    participants: view.participants,
    message_count: view.message_count,
    messages,
    truncated,
  };
}

async function newestMessages(deps: ResourceDeps, ctx: Ctx, sessionId: string) {
  const { messages, truncated } = await messagesOf(deps, ctx, sessionId, NEWEST_MESSAGES);
  return { session_id: sessionId, messages, count: messages.length, truncated };
}

async function messagesOf({ hub }: ResourceDeps, ctx: Ctx, sessionId: string, limit: number) {
  const { messages } = await hub.services.messages.page(ctx, { sessionId, limit });
  const budget = { maxTokens: MAX_TOKENS, maxBytes: hub.maxResponseBytes };
  const { items, truncated } = fit(messages.map(toMessage), budget, 'last', shortenMessage);
  await hub.services.delivery.delivered(ctx.principal, idsInFull(items), 'tool');
  return { messages: items, truncated };
}

async function inbox({ hub }: ResourceDeps, ctx: Ctx, agentId: string) {
  const { delivery } = hub.services;
  const { count, messages } = await delivery.unread(ctx, { agentId, limit: MAX_UNREAD });
  const budget = { maxTokens: MAX_TOKENS, maxBytes: hub.maxResponseBytes };
  const { items, truncated } = fit(messages.map(toMessage), budget, 'first', shortenMessage);
  // What an admin looks at has not reached the agent.
  if (agentId.toLowerCase() === ctx.principal.agentId.toLowerCase())
    await delivery.delivered(ctx.principal, idsInFull(items), 'tool');
  return { agent_id: agentId, unread: count, messages: items, truncated: truncated || count > items.length };
}

async function memory({ hub }: ResourceDeps, ctx: Ctx, agentId: string) {
  const page = await hub.services.memory.list(ctx, {
    agentId,
    scope: 'agent',
    sessionId: 'all',
    limit: MAX_ENTRIES,
  });
  const budget = { maxTokens: MAX_TOKENS, maxBytes: hub.maxResponseBytes };
  const { items, truncated } = fit(page.entries.map(toEntry), budget, 'first', (entry) => ({
    ...entry,
    metadata: {},
  }));
  return { agent_id: agentId, entries: items, truncated: truncated || page.next !== null };
}
