/** Everybody listens to the leak world in every way that stays open: feeds, subscriptions, pushed messages, waits. */
import { vi } from 'vitest';
import type { ClientEra } from '../../_util/connect-client.ts';
import { eventsSoFar, EventSourceReader } from '../../_util/event-source.ts';
import { ERAS } from '../../_util/scenario-doors.ts';
import { openSession, post } from '../../_util/scenario-raw.ts';
import {
  ADMINS,
  MEMBERS,
  READERS,
  ROLES,
  STRANGERS,
  memberOf,
  type Caller,
  type MemberName,
  type Role,
} from './leak-cast.ts';
import { places } from './leak-rows.ts';
import { agentsOf, inboxOf, memoryOf, VALUE, type Step } from './leak-steps.ts';
import { hiddenFrom, type LeakWorld } from './leak-world.ts';

/** One open way of listening. */
export interface Ear {
  readonly name: string;
  readonly role: Role;
  readonly way: 'feed' | 'wait' | 'changes';
  /** Whether it must hear all that it may; else it only must not hear more. */
  readonly whole: boolean;
  /** Whether messages are pushed to it. */
  readonly channel: boolean;
  /** Resources that it watches. */
  readonly watched: ReadonlySet<string>;
  /** What came, since it was last looked at. */
  texts: string[];
}

export interface Listeners {
  readonly ears: readonly Ear[];
  /** Lets a step happen, and answers what went wrong, when all that it brings about has come. */
  play(step: Step): Promise<readonly string[]>;
  /** Lets steps happen of which only what comes after them is looked at. */
  pass(...steps: readonly Step[]): Promise<void>;
  /** What `text` shows a role that is hidden from it, as things are after the steps so far. */
  shownTo(role: Role, text: string, about: string): readonly string[];
  /** What those who listen from the beginning of the log hear now that they must not. */
  replay(): Promise<readonly string[]>;
  /** No wait begins any more; resolves when those that hear everything have ended. */
  endWaits(): Promise<void>;
  /** Closes the hub; answers what has come since that must not have. */
  close(): Promise<readonly string[]>;
}

/** On one connection for both, as the channel is only there. */
const CHANNEL_PATH = '/mcp/2025';
const PATIENCE_MS = 5000;
const LONGEST_WAIT_SECONDS = 55;
const SENTINELS = ['default', 'other'] as const;
type Sentinel = (typeof SENTINELS)[number];

const reads = (role: Role): boolean => READERS.includes(role) || STRANGERS.includes(role);

/** The workspaces whose public messages a role reads. */
function workspacesOf(role: Role): readonly Sentinel[] {
  if (!reads(role)) return [];
  return role === 'everywhere' ? SENTINELS : [STRANGERS.includes(role) ? 'other' : 'default'];
}

/** What a role may watch in a session of 2025, which asks when it subscribes. */
function mayWatch(world: LeakWorld, role: Role, uri: string): boolean {
  if (!reads(role) || role === 'nobody') return false;
  if (uri.startsWith('session:')) {
    const isForeign = uri.startsWith(`session://${world.sessions.foreign}`);
    return workspacesOf(role).includes(isForeign ? 'other' : 'default');
  }
  if (uri === inboxOf(role) || uri === memoryOf(role)) return true;
  const isOf = (name: MemberName): boolean => uri === inboxOf(name) || uri === memoryOf(name);
  if (ADMINS.includes(role)) return agentsOf(false).some(isOf);
  // Where it has posted.
  return role === 'strangeAdmin' && [...agentsOf(true), 'everywhere' as const].some(isOf);
}

const decoded = (id: string): string => Buffer.from(id, 'base64url').toString();

const until = (is: () => boolean): Promise<unknown> =>
  vi.waitUntil(is, { interval: 2, timeout: PATIENCE_MS });

async function hear(response: Response, ear: Ear): Promise<void> {
  const reader = new EventSourceReader(response);
  for (let event = await reader.next(); event !== undefined; event = await reader.next())
    ear.texts.push(`${event.event} ${JSON.stringify(event.data)} ${decoded(event.id)}`);
}

export async function listenEverywhere(world: LeakWorld): Promise<Listeners> {
  const { hub, call } = world;
  const ears: Ear[] = [];
  const ends: Promise<void>[] = [];
  const wholeWaits: Promise<void>[] = [];
  const wrong: string[] = [];
  let waits = 0;
  let waiting = true;
  const purpose = { purpose: 'to be last' };
  const sentinels: Record<Sentinel, string> = {
    default: String((await call('otherType', 'create_session', purpose))['session_id']),
    other: String((await call('stranger', 'create_session', purpose))['session_id']),
  };
  const lastOf = (at: Sentinel): string => `session://${sentinels[at]}/messages`;
  const uris = [
    ...places(world).flatMap((id) => [`session://${id}`, `session://${id}/messages`]),
    ...new Set(MEMBERS.flatMap((name) => [inboxOf(name), memoryOf(name)])),
  ];

  function newEar(caller: Caller, how: string, rest: Partial<Ear> & Pick<Ear, 'way'>): Ear {
    const { role, name } = caller;
    const ear = { name: `${name}'s ${how}`, role, whole: true, channel: false, texts: [], ...rest };
    ears.push({ watched: new Set(), ...ear });
    return ears.at(-1)!;
  }

  async function openFeed(caller: Caller, query: string): Promise<void> {
    const ear = newEar(caller, `/events${query}`, { way: 'feed', whole: query === '' });
    const headers = { ...caller.headers['2026'], accept: 'text/event-stream' };
    const response = await hub.request(`/events${query}`, { headers });
    if (response.status === 200) ends.push(hear(response, ear));
    else ear.texts.push((await response.text()).replaceAll(world.sessions.main, ''));
  }

  async function openSubscription(caller: Caller): Promise<void> {
    const notifications = { resourceSubscriptions: [...uris, ...SENTINELS.map(lastOf)] };
    const asked = { method: 'subscriptions/listen', params: { notifications } };
    const response = await post(hub, '2026', { ...asked, headers: caller.headers['2026'] });
    const ear = newEar(caller, 'subscription', { way: 'changes', watched: new Set(uris) });
    if (response.status !== 200) return void ear.texts.push(await response.text());
    ends.push(hear(response, ear));
    // What it asked for is said again.
    await until(() => ear.texts.length > 0);
    ear.texts = [];
  }

  async function openSessionStream(caller: Caller): Promise<void> {
    if (caller.role === 'nobody') return;
    const watched = new Set<string>();
    const headers = await openSession(hub, caller.headers['2026'], CHANNEL_PATH);
    for (const uri of [...SENTINELS.map(lastOf), ...uris]) {
      const asked = { method: 'resources/subscribe', params: { uri } };
      const response = await post(hub, '2025', { ...asked, headers, path: CHANNEL_PATH });
      const text = (await response.text()).replaceAll(uri, '');
      const isWatched = !text.includes('"error"');
      if (isWatched) watched.add(uri);
      if (!uris.includes(uri)) continue;
      if (isWatched !== mayWatch(world, caller.role, uri))
        wrong.push(`${caller.name} ${isWatched ? 'watches' : 'does not watch'} ${uri}: ${text}`);
    }
    const ear = newEar(caller, 'session', { way: 'changes', channel: true, watched });
    const accept = { accept: 'text/event-stream', 'mcp-protocol-version': '2025-11-25' };
    const response = await hub.request(CHANNEL_PATH, { headers: { ...headers, ...accept } });
    if (response.status !== 200) throw new Error(await response.text());
    ends.push(hear(response, ear));
  }

  function openWait(caller: Caller, era: ClientEra, more: { readonly addressed_only?: boolean }): void {
    const whole = more.addressed_only !== true;
    const ear = newEar(caller, `${whole ? 'wait' : 'wait for itself'} in ${era}`, { way: 'wait', whole });
    if (reads(caller.role)) waits++;
    const loop = async (): Promise<void> => {
      let args: Record<string, unknown> = { timeout_seconds: LONGEST_WAIT_SECONDS, limit: 100, ...more };
      while (waiting) {
        const { text } = await caller.ask(era, { tool: 'wait_for_messages', args });
        ear.texts.push(text);
        const cursor = /"cursor":"([^"]+)"/.exec(text)?.[1];
        if (cursor === undefined) return;
        args = { ...args, cursor };
      }
    };
    const ended = loop();
    ends.push(ended);
    if (whole) wholeWaits.push(ended);
  }

  const members = ROLES.map((role) => world.callers[role]);
  for (const caller of [...members, ...world.ways]) {
    // The same on every connection.
    const isOwn = caller.can({ http: 'GET /events' });
    const queries = ['', '?detail=kinds', `?session_id=${world.sessions.main}`];
    if (isOwn) for (const query of queries) await openFeed(caller, query);
    if (isOwn) await Promise.all([openSubscription(caller), openSessionStream(caller)]);
    // On a session that is another's, its requests are numbered already.
    for (const era of isOwn ? ERAS : ERAS.slice(1)) openWait(caller, era, {});
    openWait(caller, '2026', { addressed_only: true });
  }

  let steps = 0;
  const known = new Map<Role, Set<string>>();
  /** Words of what was played, and who may know them now. */
  const words = new Map<string, ReadonlySet<Role>>([[VALUE, new Set()]]);
  /** As well as who might once. */
  const onceWords = new Map(words);

  /** Also by name: who says that a step is over. */
  const introduce = (names: readonly string[], roles: Iterable<Role>): void => {
    for (const role of roles) known.set(role, new Set([...(known.get(role) ?? []), ...names]));
  };
  const namesOf = (name: 'writeOnly' | 'everywhere'): string[] => [memberOf(name).agent, memberOf(name).type];
  introduce(namesOf('writeOnly'), READERS);
  introduce(namesOf('everywhere'), STRANGERS);

  function hidden(role: Role, now: boolean): readonly string[] {
    const names = known.get(role) ?? new Set();
    const old = hiddenFrom(world, role).map(({ word }) => word);
    const live = [...(now ? words : onceWords)].filter(([, roles]) => !roles.has(role)).map(([word]) => word);
    return [...old.filter((word) => !names.has(word)), ...live];
  }

  const shownTo = (role: Role, text: string, about: string, now = true): readonly string[] =>
    hidden(role, now)
      .filter((word) => text.includes(word))
      .map((word) => `${about} shows ${word}`);

  function note({ word, knows, names }: Step): void {
    words.set(word, knows);
    onceWords.set(word, new Set([...(onceWords.get(word) ?? []), ...knows]));
    introduce(names, knows);
  }

  /** The last that a step brings about: nothing comes after it. */
  async function end(): Promise<void> {
    const content = `end of ${++steps};`;
    await call('everywhere', 'add_message', { session_id: sentinels.other, content });
    await call('writeOnly', 'add_message', { session_id: sentinels.default, content });
  }

  /** Until all that was to come has come; forgets it. */
  async function settle(): Promise<void> {
    await end();
    const streams = ears.filter(({ way }) => way !== 'wait');
    await until(() => streams.every((ear) => hasAll(ear, marksOf(ear))));
    for (const ear of ears) ear.texts = [];
  }

  const toldOf = (ear: Ear, step: Step): readonly string[] =>
    step.told(ear.role).filter((uri) => ear.watched.has(uri));
  /** Undefined: the words do not come this way. */
  function wants({ way, channel, role }: Ear, { feeds, wakes, pushedTo }: Step): boolean {
    if (way === 'changes') return channel && pushedTo.has(role);
    return (way === 'feed' ? feeds : wakes).has(role);
  }

  function marksOf({ way, role, whole }: Ear): readonly string[] {
    if (!whole) return [];
    const from = way === 'changes' ? lastOf : (at: Sentinel): string => `"session_id":"${sentinels[at]}"`;
    return workspacesOf(role).map(from);
  }

  const heardUris = (ear: Ear): string[] =>
    ear.texts
      .flatMap((text) => [...text.matchAll(/resources\/updated","params":\{.*?"uri":"([^"]+)"/g)])
      .map(([, uri = '']) => uri)
      .filter((uri) => !SENTINELS.map(lastOf).includes(uri));

  function isComplete(ear: Ear, step: Step): boolean {
    if (!ear.whole) return true;
    return hasAll(ear, [...marksOf(ear), ...toldOf(ear, step), ...(wants(ear, step) ? [step.word] : [])]);
  }

  function hasAll({ texts }: Ear, marks: readonly string[]): boolean {
    const text = texts.join('\n');
    return marks.every((mark) => text.includes(mark));
  }

  function findings(ear: Ear, step?: Step): readonly string[] {
    const text = ear.texts.join('\n');
    const about = `${ear.name}, ${step?.name ?? 'in the end'}:`;
    // Nothing tells when one that does not hear all has heard what was before.
    const found = shownTo(ear.role, text, about, ear.whole);
    const told = step === undefined ? [] : toldOf(ear, step);
    const may = new Set([...told, ...(step?.spare(ear.role) ?? [])]);
    const uris = heardUris(ear);
    const wanted = step !== undefined && wants(ear, step);
    const hasWord = step !== undefined && text.includes(step.word);
    return [
      ...found,
      ...uris.filter((uri) => !may.has(uri)).map((uri) => `${about} is told of ${uri}`),
      ...told.filter((uri) => !uris.includes(uri)).map((uri) => `${about} is not told of ${uri}`),
      ...(hasWord && !wanted ? [`${about} is told it`] : []),
      ...(wanted && !hasWord && ear.whole ? [`${about} is not told it`] : []),
    ];
  }

  const allWait = (): boolean => hub.hub.services.delivery.waiting === waits;

  await until(allWait);
  const first = ears.flatMap((ear) => findings(ear));
  wrong.push(...first);

  return {
    ...{ ears, shownTo },
    async pass(...steps) {
      for (const step of steps) {
        await step.run(world);
        note(step);
      }
      await settle();
    },
    async play(step) {
      for (const ear of ears) ear.texts = [];
      await step.run(world);
      note(step);
      await end();
      // What does not come is among the findings.
      await until(() => ears.every((ear) => isComplete(ear, step)) && allWait()).catch(() => undefined);
      return [...wrong.splice(0), ...ears.flatMap((ear) => findings(ear, step))];
    },
    async replay() {
      await end();
      const all = members.map(async ({ role, name, headers }) => {
        const count = workspacesOf(role).length;
        const isAll = (text: string): boolean => text.split(`end of ${steps};`).length > count;
        const response = await eventsSoFar(hub, '/events', headers['2026'], isAll);
        return shownTo(role, await response.text(), `${name} from the beginning`);
      });
      return (await Promise.all(all)).flat();
    },
    async endWaits() {
      waiting = false;
      await Promise.all([settle(), ...wholeWaits]);
    },
    async close() {
      await hub.hub.close();
      await Promise.all(ends);
      return ears.flatMap((ear) => findings(ear));
    },
  };
}
