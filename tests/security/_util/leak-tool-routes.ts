/** The routes of the JSON API that are tools: the leak matrix asks them all that it asks the tools. */
import { TOOL_ROUTES, type ToolRoute } from '../../../src/http/api/tool-routes.ts';
import type { Ask } from './leak-cast.ts';
import type { DoorRow } from './leak-rows.ts';
import { TOOL_ROWS } from './leak-tools.ts';

const BASE = '/api/v1';

export const TOOL_ROUTE_ROWS: readonly DoorRow[] = TOOL_ROUTES.map((route) => {
  const row = TOOL_ROWS.find(({ covers }) => covers === `tool:${route.tool.name}`);
  if (row === undefined) throw new Error(`${route.tool.name} has no row`);
  return {
    ...row,
    covers: `route:${route.method} ${BASE}${route.path}`,
    asks: (world, role) => row.asks(world, role).map((ask) => overHttp(route, ask)),
    probes: (row.probes ?? []).map(({ about, ask }) => ({
      about,
      ask: (value, world) => overHttp(route, ask(value, world)),
    })),
  };
});

/** A call of the tool as a request of its route. */
function overHttp({ method, path }: ToolRoute, ask: Ask): Ask {
  const args: Record<string, unknown> = 'tool' in ask ? { ...ask.args } : {};
  const address = path.replace(/:(\w+)/g, (_, name: string) => {
    const value = args[name];
    Reflect.deleteProperty(args, name);
    return encodeURIComponent(JSON.stringify(value ?? 'none').replaceAll('"', ''));
  });
  if (method !== 'GET' && method !== 'DELETE') return { http: `${method} ${BASE}${address}`, body: args };
  const texts = Object.entries(args).map(([name, value]) => [name, String(value)] as const);
  const query = new URLSearchParams(Object.fromEntries(texts));
  return { http: `${method} ${BASE}${address}?${query.toString()}` };
}
