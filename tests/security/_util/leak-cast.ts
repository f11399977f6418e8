/** Everybody who may knock at the hub, each with a name that is a canary, and every way of asking as data. */
import type { Permission } from '../../../src/context.ts';
import type { ClientEra } from '../../_util/connect-client.ts';
import { eventsSoFar } from '../../_util/event-source.ts';
import { openSession, post } from '../../_util/scenario-raw.ts';
import { ADMIN_KEY, type NewTestKey, type TestHub } from '../../_util/test-hub.ts';
import { logIn, type Pair } from '../../_util/tokens.ts';

/** The other workspace; its name is a canary too. */
export const OTHER = 'cnry-ws-other';
const ALL = ['read', 'write', 'admin'] as const;

interface Member {
  readonly agent: string;
  readonly type: string;
  /** The key to make, or whose to use; absent: the operator's of the settings. */
  readonly key?: NewTestKey | 'sender';
  /** Comes with an access token for so much, in place of the key. */
  readonly token?: readonly Permission[];
}

const CAST = {
  sender: { agent: 'cnry-sender-id', type: 'cnry-coder-type', key: {} },
  /** Another agent under the sender's key, of another type. */
  sibling: { agent: 'cnry-sibling-id', type: 'cnry-sibling-type', key: 'sender' },
  sameType: { agent: 'cnry-kin-id', type: 'CNRY-coder-type', key: {} },
  otherType: { agent: 'cnry-other-id', type: 'cnry-other-type', key: {} },
  recipient: { agent: 'cnry-recipient-id', type: 'cnry-recipient-type', key: {} },
  recipientByType: { agent: 'cnry-typed-id', type: 'cnry-target-type', key: {} },
  /** Posts only what nobody else sees. */
  ghost: { agent: 'cnry-ghost-id', type: 'cnry-ghost-type', key: {} },
  readOnly: { agent: 'cnry-reader-id', type: 'cnry-other-type', key: { permissions: ['read'] } },
  writeOnly: { agent: 'cnry-writer-id', type: 'cnry-other-type', key: { permissions: ['write'] } },
  admin: { agent: 'cnry-admin-id', type: 'cnry-admin-type' },
  /** Has of the operator's key what any agent has. */
  narrowed: { agent: 'cnry-narrowed-id', type: 'cnry-other-type', token: ['read', 'write'] },
  /** The sender's names in another workspace. */
  stranger: { agent: 'cnry-sender-id', type: 'cnry-coder-type', key: { workspace: OTHER } },
  strangeAdmin: {
    ...{ agent: 'cnry-strange-admin-id', type: 'cnry-strange-admin-type' },
    key: { workspace: OTHER, permissions: ALL },
  },
  everywhere: {
    ...{ agent: 'cnry-star-id', type: 'cnry-star-type' },
    key: { workspace: '*', permissions: ALL },
  },
} as const satisfies Record<string, Member>;

export type MemberName = keyof typeof CAST;
/** `nobody` has no credential. */
export type Role = MemberName | 'nobody';
export const MEMBERS = Object.keys(CAST) as MemberName[];
export const ROLES: readonly Role[] = ['nobody', ...MEMBERS];
export const memberOf = (name: MemberName): Member => CAST[name];
/** No such name is a part of another. */
export const keyNameOf = (name: MemberName): string => `cnry-key-${name}-z`;
export const STRANGERS: readonly Role[] = ['stranger', 'strangeAdmin'];
export const ADMINS: readonly Role[] = ['admin', 'everywhere'];
/**
 * Who reads what is public in the workspace `default`. A key that may only write reads nothing, but as it may answer and
 * replace what is public, it is told that it is there and whose it is.
 */
export const READERS: readonly Role[] = MEMBERS.filter(
  (name) => name !== 'writeOnly' && !STRANGERS.includes(name),
);

/** What the agents of a role's own workspace are called, as far as it reads there; an operator of all belongs to none. */
export function workspaceOf(role: Role): readonly string[] {
  const reads = READERS.includes(role) || STRANGERS.includes(role);
  const mates = MEMBERS.filter(
    (name) => name !== 'everywhere' && STRANGERS.includes(name) === STRANGERS.includes(role),
  );
  return reads ? mates.flatMap((name) => [memberOf(name).agent, memberOf(name).type]) : [];
}

/** One request, as data. */
export type Ask =
  | { readonly tool: string; readonly args?: Readonly<Record<string, unknown>> }
  | { readonly method: string; readonly params?: Readonly<Record<string, unknown>> }
  | { readonly http: string; readonly body?: object | string };

export interface Answer {
  readonly status: number;
  /** All that came back: headers, body, and what cursors in it hold. */
  readonly text: string;
}

export interface Caller {
  readonly role: Role;
  /** For failures: the role, and how it comes if not with a key. */
  readonly name: string;
  readonly keyName: string | null;
  /** What says who it is; in 2025 of a session. */
  readonly headers: Readonly<Record<ClientEra, Headers>>;
  /** Whether this way of coming has such a request. */
  readonly can: (ask: Ask) => boolean;
  ask(era: ClientEra, ask: Ask): Promise<Answer>;
}

export const toolsOf = (tool: string, ...all: readonly Record<string, unknown>[]): Ask[] =>
  all.map((args) => ({ tool, args }));

/** Cursors, ids of events, and what access tokens say. */
const ENCODED = [
  /^id: ([A-Za-z0-9_-]+)$/gm,
  /cursor\\*":\\*"([A-Za-z0-9_-]+)/g,
  /\beyJ[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)/g,
];

async function answerOf(response: Response): Promise<Answer> {
  const body = await response.text();
  const headers = [...response.headers].map((header) => header.join(': ')).join('\n');
  const decoded = ENCODED.flatMap((pattern) => [...body.matchAll(pattern)]).map(([, part]) =>
    Buffer.from(part ?? '', 'base64url').toString(),
  );
  return { status: response.status, text: [headers, body, ...decoded].join('\n') };
}

type Headers = Readonly<Record<string, string>>;
type Named = Pick<Caller, 'role' | 'name' | 'keyName'>;

async function openCaller(hub: TestHub, named: Named, headers: Headers): Promise<Caller> {
  const of: Record<ClientEra, Headers> = {
    '2025': named.role === 'nobody' ? headers : await openSession(hub, headers),
    '2026': headers,
  };
  return {
    ...named,
    headers: of,
    can: () => true,
    async ask(era, ask) {
      if ('http' in ask) {
        const [method = 'GET', path = '/'] = ask.http.split(' ');
        if (/^\/events\b/.test(path)) return answerOf(await eventsSoFar(hub, path, of[era]));
        const body = typeof ask.body === 'object' ? JSON.stringify(ask.body) : ask.body;
        const content = body === undefined ? {} : { body };
        const type = { 'content-type': 'application/json' };
        return answerOf(await hub.request(path, { method, headers: { ...of[era], ...type }, ...content }));
      }
      const call =
        'tool' in ask ? { method: 'tools/call', params: { name: ask.tool, arguments: ask.args ?? {} } } : ask;
      return answerOf(await post(hub, era, { ...call, headers: of[era] }));
    },
  };
}

const AUTHENTICATES: readonly string[] = ['authenticate_agent', 'refresh_token'];

/** Who acts on another's connection through a handle; only tools take one. */
function throughHandle(on: Caller, role: MemberName, auth_token: string): Caller {
  return {
    ...{ role, name: `${role} by a handle of ${on.role}`, keyName: on.keyName },
    headers: on.headers,
    can: (ask) => 'tool' in ask && !AUTHENTICATES.includes(ask.tool),
    ask: (era, ask) => on.ask(era, 'tool' in ask ? { ...ask, args: { ...ask.args, auth_token } } : ask),
  };
}

async function handleOf(on: Caller, name: MemberName): Promise<string> {
  const { agent, type } = memberOf(name);
  const args = { agent_id: agent, agent_type: type };
  const { text } = await on.ask('2026', { tool: 'authenticate_agent', args });
  const handle = /\bsct_[\w-]+/.exec(text)?.[0];
  if (handle === undefined) throw new Error(text);
  return handle;
}

export type Callers = Readonly<Record<Role, Caller>>;

export interface Cast {
  readonly callers: Callers;
  /** The same roles, come in other ways. */
  readonly ways: readonly Caller[];
  /** A login and a handle of the sibling under the sender's key. */
  readonly login: Pair;
  readonly handle: string;
}

export async function openCast(hub: TestHub): Promise<Cast> {
  const keys = new Map<MemberName, readonly [name: string, key: string]>();
  const nobody = { role: 'nobody', name: 'nobody', keyName: null } as const;
  const callers: Partial<Record<Role, Caller>> = { nobody: await openCaller(hub, nobody, {}) };
  const loginOf = (name: MemberName, permissions: readonly Permission[]): Promise<Pair> => {
    const { agent, type } = memberOf(name);
    return logIn(hub, agent, { agent_type: type, permissions }, keys.get(name)?.[1]);
  };
  for (const name of MEMBERS) {
    const { agent, type, key: wanted, token } = memberOf(name);
    const label = keyNameOf(name);
    const held =
      wanted === undefined
        ? (['admin', ADMIN_KEY] as const)
        : wanted === 'sender'
          ? (keys.get('sender') ?? (['', ''] as const))
          : ([label, await hub.makeKey(label, wanted)] as const);
    keys.set(name, held);
    const [keyName, key] = held;
    const headers =
      token === undefined
        ? { authorization: `Bearer ${key}`, 'x-agent-id': agent, 'x-agent-type': type }
        : { authorization: `Bearer ${(await loginOf(name, token)).access_token}` };
    callers[name] = await openCaller(hub, { role: name, name, keyName }, headers);
  }
  const all = callers as Callers;
  const login = await loginOf('sibling', ['read', 'write']);
  const handle = await handleOf(all.sender, 'sibling');
  const named = { ...all.sibling, name: 'sibling by a token' };
  const ways = [
    throughHandle(all.sender, 'sibling', handle),
    throughHandle(all.admin, 'narrowed', await handleOf(all.admin, 'narrowed')),
    await openCaller(hub, named, { authorization: `Bearer ${login.access_token}` }),
  ];
  return { callers: all, ways, login, handle };
}
