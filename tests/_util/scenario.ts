/** A hub with a cast of callers, and a session in which each kind of message stands. */
import type { ClientEra } from './connect-client.ts';
import { ERAS, expectSuccess, openDoor, type Door } from './scenario-doors.ts';
import { ADMIN_KEY, startTestHub, type NewTestKey, type TestHub } from './test-hub.ts';

interface Role {
  readonly agent: string;
  readonly type: string;
  /** The key to make; another caller's name: its key; absent: the operator's of the settings. */
  readonly key?: NewTestKey | 'alice';
}

const ALL = ['read', 'write', 'admin'] as const;

const ROLES = {
  /** Who posts most of it. */
  alice: { agent: 'alice', type: 'claude', key: {} },
  /** Another agent: another key, another type; it opened the sessions. */
  bob: { agent: 'bob', type: 'codex', key: {} },
  /** Another agent under the same key. */
  sibling: { agent: 'anna', type: 'cursor', key: 'alice' },
  /** Another agent of the same type. */
  clara: { agent: 'clara', type: 'Claude', key: {} },
  recipient: { agent: 'rita', type: 'gemini', key: {} },
  /** Addressed by its type. */
  typed: { agent: 'tom', type: 'target', key: {} },
  /** Posts nothing that others see. */
  ghost: { agent: 'ghost', type: 'ghost', key: {} },
  reader: { agent: 'rosa', type: 'codex', key: { permissions: ['read'] } },
  admin: { agent: 'operator', type: 'operator' },
  /** The same names in another workspace. */
  stranger: { agent: 'alice', type: 'claude', key: { workspace: 'other' } },
  strangeAdmin: { agent: 'operator', type: 'operator', key: { workspace: 'other', permissions: ALL } },
  /** An operator of all workspaces. */
  star: { agent: 'star', type: 'operator', key: { workspace: '*', permissions: ALL } },
} as const satisfies Record<string, Role>;

export type CallerName = keyof typeof ROLES;
export const CALLERS = Object.keys(ROLES) as CallerName[];
/** Those who see nothing of the workspace `default`. */
export const STRANGERS: readonly CallerName[] = ['stranger', 'strangeAdmin'];
export const ADMINS: readonly CallerName[] = ['admin', 'star'];

export interface Caller {
  readonly name: CallerName;
  readonly agent: string;
  readonly type: string;
  readonly key: string;
  readonly at: Readonly<Record<ClientEra, Door>>;
}

interface Line {
  readonly by: CallerName;
  readonly in: 'main' | 'quiet' | 'foreign';
  readonly args: Readonly<Record<string, unknown>>;
  /** Besides the admins of the workspace and of all. */
  readonly seenBy: readonly CallerName[];
}

const EVERYBODY = CALLERS.filter((name) => !STRANGERS.includes(name));

/** In the order in which they are posted; the public one comes first, so whatever moves for others betrays the rest. */
const LINES = {
  public: { by: 'alice', in: 'main', args: { to: ['rita'] }, seenBy: EVERYBODY },
  own: { by: 'alice', in: 'main', args: { visibility: 'private' }, seenBy: ['alice'] },
  direct: {
    by: 'alice',
    in: 'main',
    args: { visibility: 'private', to: ['RITA'] },
    seenBy: ['alice', 'recipient'],
  },
  group: {
    by: 'alice',
    in: 'main',
    args: { visibility: 'private', to: ['type:Target'] },
    seenBy: ['alice', 'typed'],
  },
  kin: {
    by: 'alice',
    in: 'main',
    args: { visibility: 'agent_only', pinned: true },
    seenBy: ['alice', 'clara'],
  },
  whisper: {
    by: 'ghost',
    in: 'main',
    args: { visibility: 'private', message_type: 'question' },
    seenBy: ['ghost'],
  },
  staff: { by: 'admin', in: 'main', args: { visibility: 'admin_only' }, seenBy: [] },
  hush: { by: 'ghost', in: 'quiet', args: { visibility: 'private' }, seenBy: ['ghost'] },
  foreign: { by: 'stranger', in: 'foreign', args: {}, seenBy: ['stranger', 'strangeAdmin'] },
} as const satisfies Record<string, Line>;

export type LineName = keyof typeof LINES;
export const LINE_NAMES = Object.keys(LINES) as LineName[];

export interface Posted {
  readonly name: LineName;
  readonly id: number;
  readonly session: string;
  readonly visibility: string;
  /** The agent that sent it. */
  readonly sender: string;
  readonly timestamp: string;
  /** A word that stands in its content and its metadata and nowhere else. */
  readonly canary: string;
}

interface Cell {
  readonly scope: 'agent' | 'shared';
  readonly inSession: boolean;
  readonly seenBy: readonly CallerName[];
}

/** Memory entries of alice, each under a key that is a word of its own. */
const CELLS = {
  'canary-cell-own': { scope: 'agent', inSession: false, seenBy: ['alice'] },
  'canary-cell-task': { scope: 'agent', inSession: true, seenBy: ['alice'] },
  'canary-cell-shared': { scope: 'shared', inSession: false, seenBy: EVERYBODY },
  'canary-cell-board': { scope: 'shared', inSession: true, seenBy: EVERYBODY },
} as const satisfies Record<string, Cell>;

export interface CellAt {
  readonly key: string;
  readonly args: { readonly key: string; readonly scope: 'agent' | 'shared'; readonly session_id?: string };
}

export function cellsOf(world: World, caller?: CallerName): readonly CellAt[] {
  return Object.entries<Cell>(CELLS)
    .filter(([, cell]) => caller === undefined || cell.seenBy.includes(caller))
    .map(([key, { scope, inSession }]) => ({
      key,
      args: { key, scope, ...(inSession ? { session_id: world.sessions.main } : {}) },
    }));
}

export interface Clock {
  at: number;
}

export interface World extends AsyncDisposable {
  readonly hub: TestHub;
  readonly clock: Clock;
  readonly callers: Readonly<Record<CallerName, Caller>>;
  /** `later` was opened after the public message and before the hidden ones. */
  readonly sessions: Readonly<Record<'quiet' | 'main' | 'later' | 'scratch' | 'foreign', string>>;
  readonly createdAt: Readonly<Record<string, string>>;
  readonly lines: Readonly<Record<LineName, Posted>>;
}

export const START = Date.parse('2026-03-01T12:00:00.000Z');
const MINUTE = 60_000;

/** What `caller` may see, in order. */
export function seenBy(world: World, caller: CallerName): readonly Posted[] {
  return LINE_NAMES.filter((name) => {
    const line: Line = LINES[name];
    if (caller === 'star') return true;
    return line.seenBy.includes(caller) || (caller === 'admin' && line.in !== 'foreign');
  }).map((name) => world.lines[name]);
}

export function hiddenFrom(world: World, caller: CallerName): readonly Posted[] {
  const seen = new Set(seenBy(world, caller).map(({ name }) => name));
  return LINE_NAMES.filter((name) => !seen.has(name)).map((name) => world.lines[name]);
}

async function openCallers(hub: TestHub): Promise<Record<CallerName, Caller>> {
  const keys = new Map<CallerName, string>();
  const callers: Partial<Record<CallerName, Caller>> = {};
  for (const name of CALLERS) {
    const role: Role = ROLES[name];
    const key =
      role.key === undefined
        ? ADMIN_KEY
        : role.key === 'alice'
          ? (keys.get('alice') ?? '')
          : await hub.makeKey(`key-of-${name}`, role.key);
    keys.set(name, key);
    const { agent, type } = role;
    const doors = await Promise.all(ERAS.map((era) => openDoor(hub, era, { key, agent, type })));
    callers[name] = { name, agent, type, key, at: { '2025': doors[0]!, '2026': doors[1]! } };
  }
  return callers as Record<CallerName, Caller>;
}

export async function startWorld(): Promise<World> {
  const clock: Clock = { at: START };
  const hub = await startTestHub({ now: () => clock.at });
  const callers = await openCallers(hub);
  const createdAt: Record<string, string> = {};

  async function open(by: CallerName, purpose: string): Promise<string> {
    clock.at += MINUTE;
    const answer = expectSuccess(await callers[by].at['2025'].call('create_session', { purpose }));
    const id = String(answer['session_id']);
    createdAt[id] = String(answer['created_at']);
    return id;
  }

  const early = {
    scratch: await open('bob', 'Scratch'),
    quiet: await open('bob', 'Quiet'),
    main: await open('bob', 'Main'),
  };
  const foreign = await open('stranger', 'Foreign');
  const lines: Partial<Record<LineName, Posted>> = {};
  let later = '';
  for (const name of LINE_NAMES) {
    if (name === 'own') later = await open('bob', 'Later');
    const line: Line = LINES[name];
    clock.at += MINUTE;
    const canary = `canary-${name}-z`;
    const session_id = line.in === 'foreign' ? foreign : early[line.in];
    const { visibility = 'public' } = line.args as { visibility?: string };
    const posted = expectSuccess(
      await callers[line.by].at['2026'].call('add_message', {
        ...line.args,
        session_id,
        content: `Something about ${canary}`,
        metadata: { note: canary },
      }),
    );
    lines[name] = {
      ...{ name, canary, visibility, session: session_id, sender: ROLES[line.by].agent },
      id: Number(posted['message_id']),
      timestamp: String(posted['timestamp']),
    };
  }
  clock.at += MINUTE;
  const world: World = {
    ...{ hub, clock, callers, createdAt },
    sessions: { ...early, later, foreign },
    lines: lines as Record<LineName, Posted>,
    [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose](),
  };
  for (const { key, args } of cellsOf(world)) {
    const value = { note: key };
    expectSuccess(await callers.alice.at['2025'].call('set_memory', { ...args, value, metadata: value }));
  }
  return world;
}
