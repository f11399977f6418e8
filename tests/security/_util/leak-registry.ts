/** Every door that the running hub has, by name: what the table of the leak matrix must cover. */
import type { ClientEra } from '../../_util/connect-client.ts';
import { ERAS } from '../../_util/scenario-doors.ts';
import type { LeakWorld } from './leak-world.ts';

/** Paths of middlewares, which answer nothing of their own. */
const MIDDLEWARES: readonly string[] = ['ALL /*', 'ALL /api/*', 'ALL /auth/*', 'ALL /metrics', 'ALL /ui/*'];

interface Lists {
  readonly tools?: readonly { readonly name: string }[];
  readonly resources?: readonly { readonly uri: string }[];
  readonly resourceTemplates?: readonly { readonly uriTemplate: string }[];
  readonly prompts?: readonly {
    readonly name: string;
    readonly arguments?: readonly { readonly name: string }[];
  }[];
}

async function list(world: LeakWorld, era: ClientEra, method: string): Promise<Lists> {
  const { text } = await world.callers.admin.ask(era, { method });
  const body = text.slice(text.indexOf('\n{') + 1);
  return (JSON.parse(body) as { result: Lists }).result;
}

/** As an admin is shown them in both eras, and as the router knows them. */
export async function expectedDoors(world: LeakWorld): Promise<readonly string[]> {
  const doors = new Set<string>();
  for (const era of ERAS) {
    const { tools = [] } = await list(world, era, 'tools/list');
    const { resources = [] } = await list(world, era, 'resources/list');
    const { resourceTemplates = [] } = await list(world, era, 'resources/templates/list');
    const { prompts = [] } = await list(world, era, 'prompts/list');
    const uris = resourceTemplates.map(({ uriTemplate }) => uriTemplate);
    const parameters = uris.flatMap((uri) => [...uri.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ''));
    const args = prompts.flatMap(({ arguments: all = [] }) => all.map(({ name }) => name));
    for (const { name } of tools) doors.add(`tool:${name}`);
    for (const uri of [...resources.map(({ uri }) => uri), ...uris]) doors.add(`resource:${uri}`);
    for (const { name } of prompts) doors.add(`prompt:${name}`);
    for (const name of [...parameters, ...args]) doors.add(`completion:${name}`);
  }
  for (const { method, path } of world.hub.hub.app.routes) {
    if (!MIDDLEWARES.includes(`${method} ${path}`)) doors.add(`route:${method} ${path}`);
  }
  return [...doors];
}
