/** The hub over MCP: the tool table, resources, prompts and completions as one surface for both engines. */
import type { Ctx, Principal } from '../context.ts';
import { may } from '../context.ts';
import { noteRefusal } from '../features/audit/refusal.ts';
import { isOperator } from '../features/operator.ts';
import { callTool, prepareTool, type CallOptions, type PreparedTool } from './call-tool.ts';
import { complete } from './completions.ts';
import { INSTRUCTIONS } from './guidance.ts';
import { PROMPT_DESCRIPTORS, getPrompt } from './prompts.ts';
import { resourceKey } from './resource-keys.ts';
import {
  RESOURCE_TEMPLATES,
  readResource,
  resourcesFor,
  watchResource,
  type ResourceDeps,
} from './resources.ts';
import { UnknownName, type McpSurface, type ToolDescriptor, type ToolSet } from './surface.ts';
import type { Tool, ToolHub } from './tool.ts';

export interface SurfaceOptions extends CallOptions {
  readonly version: string;
}

export function createSurface(hub: ToolHub, tools: readonly Tool[], options: SurfaceOptions): McpSurface {
  const serverInfo = { name: 'shared-context-hub', title: 'Shared Context Hub', version: options.version };
  const prepared = new Map(tools.map((tool) => [tool.name, prepareTool(tool)]));
  const listed = memoize((principal: Principal, set: ToolSet) => listFor(prepared.values(), principal, set));
  const resources: ResourceDeps = { hub, serverInfo, toolsOf: (ctx) => listed(ctx.principal, 'all') };

  return {
    serverInfo,
    instructions: INSTRUCTIONS,
    listTools: listed,
    callTool(ctx, name, args) {
      const tool = prepared.get(name);
      return tool === undefined ? unknownTool(ctx, name) : callTool(tool, hub, ctx, args, options);
    },
    listResources: resourcesFor,
    listResourceTemplates: () => RESOURCE_TEMPLATES,
    readResource: (ctx, uri) =>
      watched(ctx, 'resources/read', (named) => readResource(resources, named, uri)),
    channel: true,
    resourceKey,
    async watchResource(ctx, uri) {
      const named = { ...ctx, action: 'resources/subscribe' };
      try {
        await watchResource(resources, named, uri);
      } catch (error) {
        noteRefusal(hub.services, named, error);
        throw error;
      }
    },
    listPrompts: () => PROMPT_DESCRIPTORS,
    getPrompt: (ctx: Ctx, name, args) =>
      watched(ctx, 'prompts/get', (named) => getPrompt(hub, named, name, args)),
    complete: (ctx, request) => watched(ctx, 'completion/complete', (named) => complete(hub, named, request)),
  };

  async function unknownTool({ principal }: Ctx, name: string): Promise<never> {
    await hub.services.rates.spendTotal(principal.keyId);
    throw new UnknownName(`There is no tool ${name}.`);
  }

  async function watched<T>(ctx: Ctx, action: string, work: (named: Ctx) => Promise<T>): Promise<T> {
    const named = { ...ctx, action };
    try {
      await hub.services.rates.spend(ctx.principal, 'reads');
      return await work(named);
    } catch (error) {
      noteRefusal(hub.services, named, error);
      throw error;
    }
  }
}

function listFor(
  tools: Iterable<PreparedTool>,
  principal: Principal,
  set: ToolSet,
): readonly ToolDescriptor[] {
  return [...tools]
    .filter(({ tool }) => may(principal, tool.permission) && (set === 'all' || tool.core))
    .filter(({ tool }) => tool.wholeHub !== true || isOperator(principal))
    .map(({ descriptor }) => descriptor);
}

/** One list per set of permissions, reach and tools, made at the first question. */
function memoize(make: McpSurface['listTools']): McpSurface['listTools'] {
  const made = new Map<string, readonly ToolDescriptor[]>();
  return (principal, set) => {
    const key = `${[...principal.permissions].sort().join()}/${isOperator(principal)}/${set}`;
    const list = made.get(key) ?? make(principal, set);
    made.set(key, list);
    return list;
  };
}
