/** Tools, resources and prompts of plugins, as the hub's own tables have them: the same checks lie around them. */
import { z } from 'zod';
import { PERMISSIONS, type Ctx } from '../context.ts';
import { StartError } from '../errors.ts';
import { demand } from '../features/permissions.ts';
import { prepareTool } from '../mcp/call-tool.ts';
import type { McpSurface } from '../mcp/surface.ts';
import type { Tool } from '../mcp/tool.ts';
import type { Added, AddedPrompt, AddedResource } from '../mcp/with-added.ts';
import { accessAs } from './access.ts';
import type { Called, Caller } from './plugin.ts';
import type { RunningPlugin } from './running.ts';

/** What a client pays for the tools of one plugin, at most: tokens as characters ÷ 4 of names, descriptions and parameters. */
const MAX_TOOL_TOKENS = 200;
const MAX_PLUGIN_TOKENS = 900;
const CHARS_PER_TOKEN = 4;

/** How long calls of tools may take, and where they find the hub. */
export interface AdaptDeps {
  readonly toolTimeoutMs: number;
  readonly surface: () => McpSurface;
}

/** @throws StartError where they cost more than they may, or have the names of others. */
export function toolsOf(
  plugins: readonly RunningPlugin[],
  own: readonly Tool[],
  deps: AdaptDeps,
): readonly Tool[] {
  const owners = new Map(own.map(({ name }) => [name, 'the hub']));
  return plugins.flatMap((plugin) => {
    const { name: pluginName } = plugin.definition;
    const tools = Object.keys(plugin.definition.tools ?? {}).map((name) => toTool(plugin, name, deps));
    for (const { name } of tools) {
      const other = owners.get(name);
      if (other !== undefined)
        throw new StartError(`Plugin ${pluginName} has a tool ${name}, as has ${other}; rename it.`);
      owners.set(name, `plugin ${pluginName}`);
    }
    demandAffordable(pluginName, tools);
    return tools;
  });
}

function demandAffordable(plugin: string, tools: readonly Tool[]): void {
  let sum = 0;
  for (const tool of tools) {
    const { name, description, inputSchema } = prepareTool(tool).descriptor;
    const tokens = (name + description + JSON.stringify(inputSchema)).length / CHARS_PER_TOKEN;
    sum += tokens;
    if (tokens > MAX_TOOL_TOKENS) throw tooDear(`Tool ${name} of plugin ${plugin}`, tokens, MAX_TOOL_TOKENS);
  }
  if (sum > MAX_PLUGIN_TOKENS) throw tooDear(`The tools of plugin ${plugin}`, sum, MAX_PLUGIN_TOKENS);
}

function tooDear(what: string, tokens: number, max: number): StartError {
  return new StartError(
    `${what} would cost every agent ${Math.ceil(tokens)} tokens of name, description and parameters; at most ${max}. Describe them shorter.`,
  );
}

function toTool(plugin: RunningPlugin, name: string, deps: AdaptDeps): Tool {
  const tool = plugin.definition.tools?.[name];
  if (tool === undefined) throw new Error(`no tool ${name}`);
  const { title = name, description, permission = 'read', output } = tool;
  const reads = permission === 'read';
  const answer = z.object(output);
  return {
    ...{ name, title, description, permission, core: false },
    rate: reads ? 'reads' : 'messages',
    // What it does to what is there, its author does not say.
    hints: { readOnly: reads, idempotent: reads, destructive: !reads },
    input: z.strictObject(tool.input),
    output: answer,
    handler(_hub, ctx, args) {
      demand(ctx, permission);
      return run(plugin, `tool ${name}`, ctx, deps, async (call) =>
        answer.parse(await tool.handler(args, call)),
      );
    },
  };
}

/** @throws StartError where two have the same address or name. */
export function addedBy(
  plugins: readonly RunningPlugin[],
  own: { readonly resources: readonly string[]; readonly prompts: readonly string[] },
  deps: AdaptDeps & { readonly maxResponseBytes: number },
): Added | undefined {
  const resources = plugins.flatMap((plugin) => resourcesOf(plugin, deps));
  const prompts = plugins.flatMap((plugin) => promptsOf(plugin, deps));
  if (resources.length === 0 && prompts.length === 0) return undefined;
  const addresses = resources.map(({ descriptor }) => addressOf(descriptor));
  demandForeign(own.resources, addresses);
  demandUnique('resource', addresses);
  demandUnique('prompt', [...own.prompts, ...prompts.map(({ descriptor }) => descriptor.name)]);
  return { resources, prompts, maxResponseBytes: deps.maxResponseBytes };
}

function addressOf(descriptor: AddedResource['descriptor']): string {
  return 'uri' in descriptor ? descriptor.uri : descriptor.uriTemplate;
}

/** The hub's own addresses are never a plugin's, however it writes them. */
function demandForeign(own: readonly string[], addresses: readonly string[]): void {
  const schemeOf = (address: string): string => address.slice(0, address.indexOf(':'));
  const taken = new Set(own.map(schemeOf));
  const wrong = addresses.find((address) => taken.has(schemeOf(address)));
  if (wrong !== undefined)
    throw new StartError(
      `A plugin has a resource ${wrong}, but ${schemeOf(wrong)}: is the hub's own; use another.`,
    );
}

function demandUnique(what: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new StartError(`There are two ${what}s ${twice}; a plugin must rename its own.`);
}

function resourcesOf(plugin: RunningPlugin, deps: AdaptDeps): readonly AddedResource[] {
  return Object.entries(plugin.definition.resources ?? {}).map(([address, resource]) => {
    const { title, description, mimeType = 'application/json', permission = 'read' } = resource;
    const told = { name: nameOf(address), title, description, mimeType };
    return {
      permission,
      descriptor: address.includes('{') ? { ...told, uriTemplate: address } : { ...told, uri: address },
      read(ctx, params) {
        return run(plugin, `resource ${address}`, ctx, deps, async (call) => {
          const made = await resource.read(params, call);
          return typeof made === 'string' ? made : JSON.stringify(made);
        });
      },
    };
  });
}

function promptsOf(plugin: RunningPlugin, deps: AdaptDeps): readonly AddedPrompt[] {
  return Object.entries(plugin.definition.prompts ?? {}).map(([name, prompt]) => {
    const { title, description, arguments: args = {} } = prompt;
    return {
      descriptor: {
        ...{ name, title, description },
        arguments: Object.entries(args).map(([argument, told]) => ({
          name: argument,
          description: told.description,
          required: told.required ?? false,
        })),
      },
      render(ctx, given) {
        demand(ctx, 'read');
        return run(plugin, `prompt ${name}`, ctx, deps, async (call) =>
          z.string().parse(await prompt.render(given, call)),
        );
      },
    };
  });
}

/** `notes://{day}` is `notes-day`. */
function nameOf(address: string): string {
  return address.replace(/[^A-Za-z0-9]+/g, '-').replace(/-$/, '');
}

/** A call of a part, which ends with its answer: nobody acts as its caller after. */
async function run<T>(
  plugin: RunningPlugin,
  part: string,
  ctx: Ctx,
  { toolTimeoutMs: limitMs, surface }: AdaptDeps,
  make: (call: Called<never, never>) => Promise<T>,
): Promise<T> {
  const { guard } = plugin;
  const over = new AbortController();
  const signal = AbortSignal.any([ctx.signal, guard.signal, over.signal]);
  const work = { part, limitMs, mayRefuse: true, sawContents: true, signal: ctx.signal } as const;
  try {
    return await guard.run(work, () =>
      make({
        ...plugin.my(),
        hub: accessAs(surface(), guard, () => ({ ...ctx, signal })),
        ...{ signal, caller: callerOf(ctx) },
      }),
    );
  } finally {
    over.abort();
  }
}

export function callerOf({ principal }: Ctx): Caller {
  const { agentId, agentType, workspace, permissions } = principal;
  return {
    agent_id: agentId,
    agent_type: agentType,
    workspace,
    permissions: PERMISSIONS.filter((one) => permissions.has(one)),
  };
}
