/** The hub over MCP: the tool table, resources, prompts and completions as one surface for both engines. */
import type { Principal } from '../context.ts';
import { may } from '../context.ts';
import { callTool, prepareTool, type CallOptions, type PreparedTool } from './call-tool.ts';
import { complete } from './completions.ts';
import { INSTRUCTIONS } from './guidance.ts';
import { PROMPT_DESCRIPTORS, getPrompt } from './prompts.ts';
import { RESOURCES, RESOURCE_TEMPLATES, readResource, type ResourceDeps } from './resources.ts';
import { UnknownName, type McpSurface, type ToolDescriptor, type ToolSet } from './surface.ts';
import type { Tool, ToolHub } from './tool.ts';

export interface SurfaceOptions extends CallOptions {
  readonly version: string;
}

export function createSurface(hub: ToolHub, tools: readonly Tool[], options: SurfaceOptions): McpSurface {
  const { rates } = hub.services;
  const serverInfo = { name: 'shared-context-hub', title: 'Shared Context Hub', version: options.version };
  const prepared = new Map(tools.map((tool) => [tool.name, prepareTool(tool)]));
  const listed = memoize((principal: Principal, set: ToolSet) => listFor(prepared.values(), principal, set));
  const resources: ResourceDeps = { hub, serverInfo, toolsOf: (ctx) => listed(ctx.principal, 'all') };

  return {
    serverInfo,
    instructions: INSTRUCTIONS,
    listTools: listed,
    async callTool(ctx, name, args) {
      const tool = prepared.get(name);
      if (tool === undefined) throw new UnknownName(`There is no tool ${name}.`);
      return callTool(tool, hub, ctx, args, options);
    },
    listResources: () => RESOURCES,
    listResourceTemplates: () => RESOURCE_TEMPLATES,
    async readResource(ctx, uri) {
      await rates.spend(ctx.principal, 'reads');
      return readResource(resources, ctx, uri);
    },
    listPrompts: () => PROMPT_DESCRIPTORS,
    async getPrompt(ctx, name, args) {
      await rates.spend(ctx.principal, 'reads');
      return getPrompt(hub, ctx, name, args);
    },
    async complete(ctx, request) {
      await rates.spend(ctx.principal, 'reads');
      return complete(hub, ctx, request);
    },
  };
}

function listFor(
  tools: Iterable<PreparedTool>,
  principal: Principal,
  set: ToolSet,
): readonly ToolDescriptor[] {
  return [...tools]
    .filter(({ tool }) => may(principal, tool.permission) && (set === 'all' || tool.core))
    .map(({ descriptor }) => descriptor);
}

/** One list per set of permissions and tools, made at the first question. */
function memoize(make: McpSurface['listTools']): McpSurface['listTools'] {
  const made = new Map<string, readonly ToolDescriptor[]>();
  return (principal, set) => {
    const key = `${[...principal.permissions].sort().join()}/${set}`;
    const list = made.get(key) ?? make(principal, set);
    made.set(key, list);
    return list;
  };
}
