/** What the hub offers over MCP, once for both protocol engines: plain data in, plain data out, no protocol types. */
import type { Ctx, Principal } from '../context.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** A tool as `tools/list` shows it. */
export interface ToolDescriptor {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema;
  readonly annotations: Readonly<Record<string, boolean | string>>;
}

/** The answer of `tools/call`: text and structure of a success, or the error object as text alone. */
export interface ToolResult {
  readonly content: readonly [{ readonly type: 'text'; readonly text: string }];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  readonly isError?: true;
}

export interface ResourceDescriptor {
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
}

export type ResourceTemplateDescriptor = Omit<ResourceDescriptor, 'uri'> & { readonly uriTemplate: string };

export interface ResourceContents {
  readonly uri: string;
  readonly mimeType: string;
  readonly text: string;
}

export interface PromptArgument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

export interface PromptDescriptor {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly PromptArgument[];
}

export interface PromptResult {
  readonly description: string;
  readonly messages: readonly {
    readonly role: 'user' | 'assistant';
    readonly content: { readonly type: 'text'; readonly text: string };
  }[];
}

export interface CompletionRequest {
  readonly ref:
    { readonly type: 'prompt'; readonly name: string } | { readonly type: 'resource'; readonly uri: string };
  readonly argument: string;
  readonly value: string;
}

/** `core` is the small tool set of `?tools=core`. */
export type ToolSet = 'all' | 'core';

/**
 * Lists are prebuilt per permission set: asking for them costs nothing.
 * `callTool` never throws for a caller's mistake (the answer is an error result) but does for a tool that does not exist
 * ({@link UnknownName}); the others throw {@link UnknownName} or HubError.
 */
export interface McpSurface {
  readonly serverInfo: { readonly name: string; readonly title: string; readonly version: string };
  readonly instructions: string;
  listTools(principal: Principal, set: ToolSet): readonly ToolDescriptor[];
  callTool(ctx: Ctx, name: string, args: unknown): Promise<ToolResult>;
  listResources(principal: Principal): readonly ResourceDescriptor[];
  listResourceTemplates(principal: Principal): readonly ResourceTemplateDescriptor[];
  readResource(ctx: Ctx, uri: string): Promise<ResourceContents>;
  listPrompts(principal: Principal): readonly PromptDescriptor[];
  getPrompt(ctx: Ctx, name: string, args: Readonly<Record<string, string>>): Promise<PromptResult>;
  /** As RichSurface has it. */
  readonly channel?: boolean;
  /** As RichSurface has it. */
  resourceKey?(uri: string): string;
  /** As RichSurface has it. */
  watchResource?(ctx: Ctx, uri: string): Promise<void>;
  complete(ctx: Ctx, request: CompletionRequest): Promise<readonly string[]>;
}

/** A tool or prompt that does not exist: each engine answers it in its protocol's own words (−32602). */
export class UnknownName extends Error {
  override readonly name = 'UnknownName';
}
