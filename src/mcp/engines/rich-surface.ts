/**
 * What the engines can carry. The hub's own surface is one of these that says less: text alone, and no word to a client
 * before the answer to its request.
 */
import type { Ctx, Principal } from '../../context.ts';
import type { JsonSchema, McpSurface, ToolDescriptor, ToolSet } from '../surface.ts';
import type { ClientLink } from './client-link.ts';

export type RichResource = { readonly uri: string; readonly mimeType: string } & (
  { readonly text: string } | { readonly blob: string }
);

export type RichContent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image' | 'audio'; readonly data: string; readonly mimeType: string }
  | { readonly type: 'resource'; readonly resource: RichResource };

export interface RichToolDescriptor extends Omit<ToolDescriptor, 'outputSchema'> {
  readonly outputSchema?: JsonSchema;
}

export interface RichToolResult {
  readonly content: readonly RichContent[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  readonly isError?: true;
}

export interface RichPromptResult {
  readonly description: string;
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: RichContent }[];
}

/** What the client must give before there is an answer; it then asks again. Revision 2026-07-28 only. */
export interface InputRequired {
  readonly resultType: 'input_required';
  readonly inputRequests: Readonly<Record<string, { readonly method: string; readonly params: object }>>;
  readonly requestState?: string;
}

export interface RichCtx extends Ctx {
  readonly client: ClientLink;
}

/** The lists that a surface may announce changes of. */
export type ListKind = 'tools' | 'resources' | 'prompts';

export interface RichSurface extends Omit<
  McpSurface,
  'listTools' | 'callTool' | 'readResource' | 'getPrompt' | 'watchResource' | 'resourceKey'
> {
  /** Lists whose changes clients are told of, see `McpEngines.announce`; none by default. */
  readonly announces?: readonly ListKind[];
  /** Whether messages are pushed to clients that come for it, see `channel.ts`. */
  readonly channel?: boolean;
  /** Whether calls write to the log of their client, see {@link ClientLink}. */
  readonly logs?: boolean;
  /** Whether calls ask something of their client, for which they need the SDK's context. */
  readonly asks?: boolean;
  listTools(principal: Principal, set: ToolSet): readonly RichToolDescriptor[];
  callTool(ctx: RichCtx, name: string, args: unknown): Promise<RichToolResult | InputRequired>;
  readResource(ctx: RichCtx, uri: string): Promise<RichResource>;
  /** The same text for all addresses of one resource; absent: each address is one of its own. */
  resourceKey?(uri: string): string;
  /** Settles if the caller may watch this resource, else throws as `readResource` does. Absent: nothing can be watched. */
  watchResource?(ctx: RichCtx, uri: string): Promise<void>;
  getPrompt(
    ctx: RichCtx,
    name: string,
    args: Readonly<Record<string, string>>,
  ): Promise<RichPromptResult | InputRequired>;
}

/** What a surface makes the server say it can. */
export function capabilitiesOf(surface: RichSurface) {
  const { announces = [], logs = false } = surface;
  const listChanged = (kind: ListKind) => (announces.includes(kind) ? { listChanged: true } : {});
  return {
    tools: listChanged('tools'),
    resources: {
      ...listChanged('resources'),
      ...(surface.watchResource === undefined ? {} : { subscribe: true }),
    },
    prompts: listChanged('prompts'),
    completions: {},
    ...(logs ? { logging: {} } : {}),
  };
}
export type Capabilities = ReturnType<typeof capabilitiesOf> & {
  readonly experimental?: Readonly<Record<string, object>>;
};
