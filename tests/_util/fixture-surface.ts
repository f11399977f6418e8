/** A small surface: tools that succeed, fail, break and take long, and one of everything else. */
import type { Ctx, Permission } from '../../src/context.ts';
import { errorObject, HubError, invalid } from '../../src/errors.ts';
import { type McpSurface, type ToolDescriptor, type ToolResult, UnknownName } from '../../src/mcp/surface.ts';

/** What the fixture's tools saw, for assertions. */
export interface Seen {
  readonly running: Map<string, Ctx>;
  readonly aborted: string[];
}

interface FixtureTool {
  readonly descriptor: ToolDescriptor;
  readonly permission: Permission;
  readonly core: boolean;
  readonly run: (
    ctx: Ctx,
    args: Readonly<Record<string, unknown>>,
  ) => Promise<Readonly<Record<string, unknown>>>;
}

const anything = { type: 'object', properties: {}, additionalProperties: true };

function tool(
  name: string,
  run: FixtureTool['run'],
  options: { core?: boolean; permission?: Permission; properties?: object; output?: object } = {},
): FixtureTool {
  const { core = false, permission = 'read', properties = {}, output = anything } = options;
  return {
    descriptor: {
      name,
      title: name,
      description: `The tool ${name}.`,
      inputSchema: { type: 'object', properties, additionalProperties: false },
      outputSchema: { ...output },
      annotations: { title: name, readOnlyHint: true, openWorldHint: false },
    },
    permission,
    core,
    run,
  };
}

const echoOutput = {
  type: 'object',
  properties: { success: { const: true }, text: { type: 'string' } },
  required: ['success', 'text'],
};

function tools(seen: Seen, extra: number): FixtureTool[] {
  return [
    tool(
      'echo',
      (_ctx, { text }) => {
        if (typeof text !== 'string') return Promise.reject(invalid('text', text, 'a string'));
        return Promise.resolve({ text });
      },
      { core: true, properties: { text: { type: 'string' } }, output: echoOutput },
    ),
    tool('whoami', (ctx) =>
      Promise.resolve({
        agent_id: ctx.principal.agentId,
        key_id: ctx.principal.keyId,
        request_id: ctx.requestId,
      }),
    ),
    tool('fail', () => Promise.reject(new HubError('SESSION_NOT_FOUND', 'There is no session x.'))),
    tool('throw', () => Promise.reject(new Error('/secret/path: SELECT * FROM keys'))),
    tool('slow', (ctx, { label = 'slow', ms = 60_000 }) => slow(seen, ctx, String(label), Number(ms))),
    tool('operate', () => Promise.resolve({}), { permission: 'admin' }),
    ...Array.from({ length: extra }, (_, index) =>
      tool(`extra_${String(index)}`, () => Promise.resolve({}), {
        properties: Object.fromEntries(Array.from({ length: 6 }, (__, n) => [`p${String(n)}`, manyWords])),
      }),
    ),
  ];
}

const manyWords = {
  type: 'string',
  minLength: 1,
  maxLength: 100,
  description: 'A parameter of some tool, in a few words.',
};

function slow(seen: Seen, ctx: Ctx, label: string, ms: number): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      seen.running.delete(label);
      if (ctx.signal.aborted) seen.aborted.push(label);
      resolve({ label, request_id: ctx.requestId, agent_id: ctx.principal.agentId });
    };
    const timer = setTimeout(end, ms);
    seen.running.set(label, ctx);
    ctx.signal.addEventListener('abort', end, { once: true });
    if (ctx.signal.aborted) end();
  });
}

function success(result: Readonly<Record<string, unknown>>): ToolResult {
  const structuredContent = { success: true, ...result };
  return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
}

function failure(error: unknown, requestId: string): ToolResult {
  return {
    content: [{ type: 'text', text: JSON.stringify(errorObject(error, requestId, 0)) }],
    isError: true,
  };
}

const info = { name: 'info', title: 'Info', description: 'About the hub.', mimeType: 'application/json' };
const secret = { name: 'metrics', title: 'Metrics', description: 'Figures.', mimeType: 'application/json' };
const session = {
  name: 'session',
  title: 'Session',
  description: 'A session.',
  mimeType: 'application/json',
};
const prompt = {
  name: 'catch-up',
  title: 'Catch up',
  description: 'What is new.',
  arguments: [{ name: 'session_id', description: 'Which.', required: false }],
};

export function createFixtureSurface(seen: Seen, extra = 0): McpSurface {
  const table = tools(seen, extra);
  const byName = new Map(table.map((entry) => [entry.descriptor.name, entry]));
  const lists = new Map<string, readonly ToolDescriptor[]>();
  return {
    serverInfo: { name: 'fixture-hub', title: 'Fixture hub', version: '1.2.3-rc.1' },
    instructions: 'Call whoami first.',
    listTools(principal, set) {
      const key = `${set} ${[...principal.permissions].join()}`;
      const shown =
        lists.get(key) ??
        table
          .filter((entry) => principal.permissions.has(entry.permission) && (set === 'all' || entry.core))
          .map((entry) => entry.descriptor);
      lists.set(key, shown);
      return shown;
    },
    async callTool(ctx, name, args) {
      const entry = byName.get(name);
      if (entry === undefined) throw new UnknownName(name);
      try {
        if (!ctx.principal.permissions.has(entry.permission))
          throw new HubError('PERMISSION_DENIED', `You may not ${name}.`);
        if (typeof args !== 'object' || args === null || Array.isArray(args))
          throw invalid('arguments', args, 'an object');
        return success(await entry.run(ctx, args as Record<string, unknown>));
      } catch (error) {
        return failure(error, ctx.requestId);
      }
    },
    listResources: (principal) => [
      { ...info, uri: 'hub://info' },
      ...(principal.permissions.has('admin') ? [{ ...secret, uri: 'performance://metrics' }] : []),
    ],
    listResourceTemplates: () => [{ ...session, uriTemplate: 'session://{session_id}' }],
    readResource(ctx, uri) {
      if (uri === 'hub://info') {
        return Promise.resolve({
          uri,
          mimeType: info.mimeType,
          text: JSON.stringify({ agent: ctx.principal.agentId }),
        });
      }
      if (uri.startsWith('session://'))
        return Promise.reject(new HubError('SESSION_NOT_FOUND', 'There is no such session.'));
      if (uri === 'performance://metrics')
        return Promise.reject(new HubError('PERMISSION_DENIED', 'That is for operators.'));
      if (uri === 'broken://x') return Promise.reject(new Error('/secret/path: SELECT * FROM keys'));
      return Promise.reject(new UnknownName(uri));
    },
    listPrompts: () => [prompt],
    getPrompt(_ctx, name, args) {
      if (name !== prompt.name) return Promise.reject(new UnknownName(name));
      const text = `Catch up with ${args['session_id'] ?? 'all'}.`;
      return Promise.resolve({
        description: 'd',
        messages: [{ role: 'user', content: { type: 'text', text } }],
      });
    },
    complete(_ctx, { ref, value }) {
      if (ref.type === 'prompt' && ref.name !== prompt.name) return Promise.reject(new UnknownName(ref.name));
      return Promise.resolve(Array.from({ length: 150 }, (_, index) => `${value}${String(index)}`));
    },
  };
}
