/** Everybody who may knock at the hub, each with a name that is a canary, and every way of asking as data. */
import type { ClientEra } from '../../_util/connect-client.ts';
import { openSession, post } from '../../_util/scenario-raw.ts';
import { ADMIN_KEY, type NewTestKey, type TestHub } from '../../_util/test-hub.ts';

/** The other workspace; its name is a canary too. */
export const OTHER = 'cnry-ws-other';
const ALL = ['read', 'write', 'admin'] as const;

interface Member {
  readonly agent: string;
  readonly type: string;
  /** The key to make, or whose to use; absent: the operator's of the settings. */
  readonly key?: NewTestKey | 'sender';
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
  readonly keyName: string | null;
  ask(era: ClientEra, ask: Ask): Promise<Answer>;
}

export const toolsOf = (tool: string, ...all: readonly Record<string, unknown>[]): Ask[] =>
  all.map((args) => ({ tool, args }));

const CURSOR = /next_cursor\\*":\\*"([A-Za-z0-9_-]+)/g;

async function answerOf(response: Response): Promise<Answer> {
  const body = await response.text();
  const headers = [...response.headers].map((header) => header.join(': ')).join('\n');
  const cursors = [...body.matchAll(CURSOR)].map(([, cursor]) =>
    Buffer.from(cursor ?? '', 'base64url').toString(),
  );
  return { status: response.status, text: [headers, body, ...cursors].join('\n') };
}

async function openCaller(
  hub: TestHub,
  role: Role,
  keyName: string | null,
  headers: Readonly<Record<string, string>>,
): Promise<Caller> {
  const of: Record<ClientEra, Readonly<Record<string, string>>> = {
    '2025': role === 'nobody' ? headers : await openSession(hub, headers),
    '2026': headers,
  };
  return {
    ...{ role, keyName },
    async ask(era, ask) {
      if ('http' in ask) {
        const [method = 'GET', path = '/'] = ask.http.split(' ');
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

export type Callers = Readonly<Record<Role, Caller>>;

export async function openCast(hub: TestHub): Promise<Callers> {
  const keys = new Map<MemberName, readonly [name: string, key: string]>();
  const callers: Partial<Record<Role, Caller>> = { nobody: await openCaller(hub, 'nobody', null, {}) };
  for (const name of MEMBERS) {
    const { agent, type, key: wanted } = memberOf(name);
    const keyName = keyNameOf(name);
    const [label, key] =
      wanted === undefined
        ? ['admin', ADMIN_KEY]
        : wanted === 'sender'
          ? (keys.get('sender') ?? ['', ''])
          : [keyName, await hub.makeKey(keyName, wanted)];
    keys.set(name, [label, key]);
    const headers = { authorization: `Bearer ${key}`, 'x-agent-id': agent, 'x-agent-type': type };
    callers[name] = await openCaller(hub, name, label, headers);
  }
  return callers as Callers;
}
