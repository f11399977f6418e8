/** Who acts on the hub: agents of two keys, an operator, and the namesake of one of them behind the wall. */
import { post } from '../../_util/scenario-raw.ts';
import type { TestHub } from '../../_util/test-hub.ts';

/** Whose doings are compared. */
export const ACTORS = ['ann', 'bob', 'cyd', 'ops', 'zed'] as const;
/** The clerk does what nobody sees. */
export type ActorName = (typeof ACTORS)[number] | 'clerk';

export interface Actor {
  readonly agent: string;
  readonly type: string;
  readonly admin: boolean;
  readonly wall: 'this side' | 'beyond';
}

/** The types of ann and cyd differ in case alone; zed has the names of ann. */
export const CAST: Readonly<Record<ActorName, Actor>> = {
  ann: { agent: 'ann', type: 'coder', admin: false, wall: 'this side' },
  bob: { agent: 'bob', type: 'reviewer', admin: false, wall: 'this side' },
  cyd: { agent: 'Cyd', type: 'CODER', admin: false, wall: 'this side' },
  ops: { agent: 'ops', type: 'operator', admin: true, wall: 'this side' },
  zed: { agent: 'ann', type: 'coder', admin: false, wall: 'beyond' },
  clerk: { agent: 'clerk', type: 'clerk', admin: false, wall: 'beyond' },
};

export type Fields = Readonly<Record<string, unknown>>;
export type Answer = { readonly code: string } | { readonly value: Fields };
export type Call = (by: ActorName, tool: string, args: Fields) => Promise<Answer>;

let made = 0;

/** Brings the cast into two new workspaces, each agent known to the hub. */
export async function enter(hub: TestHub): Promise<Call> {
  const run = ++made;
  const [here, beyond] = [`here-${run}`, `beyond-${run}`];
  const key = (name: string, workspace: string) => hub.makeKey(`${name}-${run}`, { workspace });
  const first = await key('first', here);
  const third = await key('third', beyond);
  const keys: Readonly<Record<ActorName, string>> = {
    ...{ ann: first, bob: first, cyd: await key('second', here), zed: third, clerk: third },
    ops: await hub.makeKey(`ops-${run}`, { workspace: here, permissions: ['read', 'write', 'admin'] }),
  };
  const call: Call = async (by, tool, args) => {
    const { agent, type } = CAST[by];
    const headers = { authorization: `Bearer ${keys[by]}`, 'x-agent-id': agent, 'x-agent-type': type };
    const response = await post(hub, '2026', {
      ...{ method: 'tools/call', params: { name: tool, arguments: args }, headers },
    });
    const { result } = (await response.json()) as {
      result: { isError?: boolean; content: [{ text: string }] };
    };
    const value = JSON.parse(result.content[0].text) as Fields;
    return result.isError === true ? { code: String(value['code']) } : { value };
  };
  for (const name of ACTORS) await call(name, 'list_sessions', {});
  return call;
}
