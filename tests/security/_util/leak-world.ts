/** A hub in which every kind of message, memory entry and name stands, and who may see each. */
import { createHash } from 'node:crypto';
import { collectLog } from '../../http/harness.ts';
import { startTestHub, type TestHub } from '../../_util/test-hub.ts';
import { LEAK_PLUGIN } from './leak-plugin.ts';
import { CELLS, LINES, type Line, type LineName, type Place } from './leak-lines.ts';
import {
  ADMINS,
  keyNameOf,
  MEMBERS,
  OTHER,
  READERS,
  ROLES,
  STRANGERS,
  memberOf,
  openCast,
  type Callers,
  type Cast,
  type MemberName,
  type Role,
} from './leak-cast.ts';

/** A word that stands in one place of the hub and nowhere else. */
export interface Secret {
  readonly word: string;
  readonly what:
    | 'content'
    | 'token'
    | 'metadata'
    | 'agent'
    | 'type'
    | 'key name'
    | 'key id'
    | 'workspace'
    | 'memory'
    | 'value'
    | 'session'
    | 'session id'
    | 'credential';
  readonly may: ReadonlySet<Role>;
  /** Those that some door must show it to. */
  readonly must: readonly Role[];
}

export interface PostedLine {
  readonly name: LineName;
  readonly id: number;
  readonly place: Place;
  /** Who knows that it is there. */
  readonly known: ReadonlySet<Role>;
}

export interface LeakWorld extends AsyncDisposable {
  readonly hub: TestHub;
  readonly callers: Callers;
  readonly ways: Cast['ways'];
  /** Credentials of the sibling, under the sender's key. */
  readonly login: Cast['login'];
  readonly handle: string;
  readonly sessions: Readonly<Record<Place, string>>;
  /** Part of every cursor. */
  readonly epoch: string;
  readonly lines: readonly PostedLine[];
  readonly secrets: readonly Secret[];
  /** Calls a tool that must succeed; answers its result. */
  readonly call: (by: Role, tool: string, args: object) => Promise<Record<string, unknown>>;
  /** All that the hub has logged so far, at level debug. */
  readonly log: () => string;
}

const START = Date.parse('2026-03-01T12:00:00.000Z');

export const hiddenFrom = ({ secrets }: LeakWorld, role: Role): readonly Secret[] =>
  secrets.filter(({ may }) => !may.has(role));

/** Besides those a line names: operators see all of their workspace, the one of all workspaces everything. */
function viewersOf({ in: place, sees }: Pick<Line, 'in' | 'sees'>): ReadonlySet<Role> {
  return new Set([...sees, ...(place === 'foreign' ? (['strangeAdmin', 'everywhere'] as const) : ADMINS)]);
}

function knowersOf(line: Line): ReadonlySet<Role> {
  const viewers = viewersOf(line);
  return line.sees === READERS ? new Set([...viewers, 'writeOnly']) : viewers;
}

/** @param heartbeatMs of event streams: how soon one that has no more says so. */
export async function startLeakWorld({ heartbeatMs = 1 } = {}): Promise<LeakWorld> {
  const clock = { at: START };
  const { log, text } = collectLog();
  const hub = await startTestHub({
    ...{ now: () => clock.at, log, streams: { heartbeatMs } },
    // The matrix asks more in a minute of its clock than any agent may.
    env: { RATE_LIMIT_ENABLED: 'false', PLUGINS: LEAK_PLUGIN },
  });
  const { callers, ways, login, handle } = await openCast(hub);

  async function call(by: Role, tool: string, args: object): Promise<Record<string, unknown>> {
    clock.at += 1000;
    const { text: answer } = await callers[by].ask('2026', { tool, args: { ...args } });
    const [body = ''] = answer.slice(answer.indexOf('{', answer.indexOf('\n{'))).split('\n', 1);
    const { result } = JSON.parse(body) as { result?: { structuredContent?: Record<string, unknown> } };
    const success = result?.structuredContent;
    if (success === undefined) throw new Error(`${by} ${tool}: ${answer}`);
    return success;
  }

  async function open(by: Role, place: Place): Promise<string> {
    const words = { purpose: `About cnry-${place}-purpose`, metadata: { note: `cnry-${place}-session` } };
    return String((await call(by, 'create_session', words))['session_id']);
  }

  const sessions: Record<Place, string> = {
    main: await open('otherType', 'main'),
    quiet: await open('otherType', 'quiet'),
    scratch: await open('otherType', 'scratch'),
    foreign: await open('stranger', 'foreign'),
  };

  const ids = new Map<LineName, number>();
  const lines: PostedLine[] = [];
  for (const [key, line] of Object.entries<Line>(LINES)) {
    const name = key as LineName;
    const { by, in: place, args = {}, parent, then } = line;
    const { message_id } = await call(by, 'add_message', {
      session_id: sessions[place],
      content: `Something about cnry-${name}-content and more ${tokenOf(name)}`,
      metadata: { note: `cnry-${name}-metadata` },
      ...args,
      ...(parent === undefined ? {} : { parent_message_id: ids.get(parent as LineName) }),
    });
    ids.set(name, Number(message_id));
    if (then !== undefined)
      await call(then.by, 'set_message_visibility', { message_id, visibility: then.visibility });
    lines.push({ name, place, id: Number(message_id), known: knowersOf(line) });
  }
  for (const [name, { by, scope, place }] of Object.entries(CELLS)) {
    for (const note of [`cnry-${name}-before`, `cnry-${name}-value`])
      await call(by, 'set_memory', {
        key: `cnry-${name}-key`,
        value: { note },
        metadata: { note: `cnry-${name}-note` },
        scope,
        ...(place === undefined ? {} : { session_id: sessions[place] }),
      });
  }
  await importOld(callers);
  // No figure of the time is a message's id.
  clock.at = START + 60_000 * Math.ceil((clock.at + 1 - START) / 60_000);
  const poll = { tool: 'wait_for_messages', args: { timeout_seconds: 0 } };
  const [, epoch = ''] = /\["([^"]+)","delivery"/.exec((await callers.sender.ask('2026', poll)).text) ?? [];
  return {
    ...{ hub, callers, ways, login, handle, sessions, lines, call, log: text },
    epoch,
    secrets: [
      ...wordsOfLines(),
      ...wordsOfImport(),
      ...wordsOfCells(),
      ...wordsOfPlaces(sessions),
      ...names(callers),
      ...(await keyIds(callers)),
      // Told once, to who asked for them.
      ...[handle, login.access_token, login.refresh_token].map((word) => secret(word, 'credential', [])),
    ],
    [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose](),
  };
}

const IMPORTED = { public: READERS, private: ADMINS, agent_only: ADMINS, admin_only: ADMINS } as const;

async function importOld(callers: Callers): Promise<void> {
  const rows = Object.keys(IMPORTED).map((visibility) => ({
    ...{ id: `cnry-import-${visibility}-external`, session: 'cnry-import-session', visibility },
    ...{ sender: `cnry-import-${visibility}-label`, timestamp: '2025-01-01T00:00:00Z' },
    content: `Old words about cnry-import-${visibility}-content`,
  }));
  const body = rows.map((row) => JSON.stringify(row)).join('\n');
  const { status, text } = await callers.admin.ask('2026', { http: 'POST /api/v1/import', body });
  if (status !== 200) throw new Error(text);
}

function secret(word: string, what: Secret['what'], may: Iterable<Role>, must?: readonly Role[]): Secret {
  const all = new Set(may);
  return { word, what, may: all, must: must ?? [...all] };
}

/** One word, near to no other. */
export function tokenOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex').slice(0, 14);
  return hex.replaceAll(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] ?? '');
}

function wordsOfLines(): Secret[] {
  return Object.entries<Line>(LINES).flatMap(([name, line]) => [
    secret(`cnry-${name}-content`, 'content', viewersOf(line)),
    secret(tokenOf(name), 'token', viewersOf(line), []),
    secret(`cnry-${name}-metadata`, 'metadata', viewersOf(line)),
  ]);
}

function wordsOfImport(): Secret[] {
  return Object.entries(IMPORTED).flatMap(([visibility, sees]) => [
    secret(`cnry-import-${visibility}-content`, 'content', sees),
    secret(`cnry-import-${visibility}-label`, 'agent', sees),
    secret(`cnry-import-${visibility}-external`, 'metadata', sees),
  ]);
}

/** Operators may read what agents keep; the doors of today show them the keys. */
function wordsOfCells(): Secret[] {
  return Object.entries(CELLS).flatMap(([name, { by, scope }]) => {
    const foreign = STRANGERS.includes(by);
    const shared = scope === 'shared';
    const admins: readonly Role[] = foreign ? ['strangeAdmin', 'everywhere'] : ADMINS;
    const readers: readonly Role[] = foreign ? ['stranger', 'strangeAdmin'] : READERS;
    const may = new Set([...(shared ? readers : [by]), ...admins]);
    const must = shared ? readers : [by, ...(foreign ? [] : (['admin'] as const))];
    return [
      secret(`cnry-${name}-key`, 'memory', shared && !foreign ? [...may, 'writeOnly'] : may, must),
      secret(`cnry-${name}-note`, 'memory', may, must),
      ...['before', 'value'].map((part) =>
        secret(`cnry-${name}-${part}`, 'value', may, shared ? readers : [by]),
      ),
    ];
  });
}

function wordsOfPlaces(sessions: LeakWorld['sessions']): Secret[] {
  const places = (['main', 'quiet', 'scratch', 'foreign'] as const).flatMap((place) => {
    const may = place === 'foreign' ? (['stranger', 'strangeAdmin', 'everywhere'] as const) : READERS;
    const knowers = place === 'foreign' ? may : [...may, 'writeOnly' as const];
    return [
      ...['purpose', 'session'].map((part) => secret(`cnry-${place}-${part}`, 'session', may)),
      secret(sessions[place], 'session id', knowers, may),
    ];
  });
  const managers: readonly Role[] = ['stranger', 'strangeAdmin', 'admin', 'everywhere'];
  return [...places, secret(OTHER, 'workspace', managers)];
}

/** A name is told by a message that shows it as sender or recipient, and to operators. */
function names(callers: Callers): Secret[] {
  const told = (mentions: (line: Line) => boolean): Role[] =>
    Object.values<Line>(LINES)
      .filter(mentions)
      .flatMap((line) => [...knowersOf(line)]);
  const mentioned = (line: Line, name: string): boolean => (line.args?.to ?? []).includes(name);
  return MEMBERS.flatMap((member) => {
    const { agent, type } = memberOf(member);
    const namesakes = MEMBERS.filter((other) => memberOf(other).agent === agent);
    const sameType = MEMBERS.filter((other) => memberOf(other).type.toLowerCase() === type.toLowerCase());
    // Whoever opens sessions or writes shared memory is known by name.
    const opens: readonly Role[] =
      member === 'otherType' || member === 'sender' ? [...READERS, 'writeOnly'] : [];
    const admins: readonly Role[] = STRANGERS.includes(member)
      ? ['stranger', 'strangeAdmin', 'everywhere']
      : ADMINS;
    const ids = new Set<Role>([
      ...namesakes,
      ...admins,
      ...opens,
      ...told((line) => memberOf(line.by).agent === agent || mentioned(line, agent)),
      // Receipts name the agents of a type to who wrote to it.
      ...Object.values<Line>(LINES)
        .filter((line) => mentioned(line, `type:${type.toLowerCase()}`))
        .map(({ by }) => by),
    ]);
    const types = new Set<Role>([
      ...sameType,
      ...admins,
      ...told((line) => memberOf(line.by).type === type || mentioned(line, `type:${type}`)),
    ]);
    return [
      secret(agent, 'agent', ids, [member, operatorOf(member)]),
      secret(type, 'type', types, [member, operatorOf(member)]),
      ...keyName(callers, member),
    ];
  });
}

const operatorOf = (member: MemberName): Role =>
  member === 'everywhere' ? member : STRANGERS.includes(member) ? 'strangeAdmin' : 'admin';

function keyName(callers: Callers, member: MemberName): Secret[] {
  const name = callers[member].keyName;
  if (name === null || name !== keyNameOf(member)) return [];
  const holders = ROLES.filter((role) => callers[role].keyName === name);
  const managers: readonly Role[] = STRANGERS.includes(member) ? [...ADMINS, 'strangeAdmin'] : ADMINS;
  return [secret(name, 'key name', [...holders, ...managers])];
}

/** Operators look after the keys of their workspaces, the one of `default` after all. */
async function keyIds(all: Callers): Promise<Secret[]> {
  const { text } = await all.everywhere.ask('2026', { http: 'GET /api/v1/keys' });
  const keys = [...text.matchAll(/"key_id":"([^"]+)","name":"([^"]+)"/g)];
  return MEMBERS.flatMap((member) => {
    const id = keys.find(([, , name]) => name === keyNameOf(member))?.[1];
    const managers: readonly Role[] = STRANGERS.includes(member) ? [...ADMINS, 'strangeAdmin'] : ADMINS;
    // A token says whose it is to its holder.
    const holders = ROLES.filter((role) => all[role].keyName === keyNameOf(member));
    return id === undefined ? [] : [secret(id, 'key id', [...managers, ...holders], managers)];
  });
}
