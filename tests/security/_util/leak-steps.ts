/** What happens while everybody listens to the leak world, and who is to learn of each step, by the rules of the README. */
import { ADMINS, memberOf, MEMBERS, READERS, STRANGERS, type MemberName, type Role } from './leak-cast.ts';
import { LINES, type Line, type LineName, type Place } from './leak-lines.ts';
import { sees } from './leak-model.ts';
import type { LeakWorld } from './leak-world.ts';
import type { Visibility } from '../../../src/store/port.ts';

/** What a role is told of at which addresses. */
export type Told = (role: Role) => readonly string[];

export interface Step {
  readonly name: string;
  /** Stands in what the step is about and nowhere else. */
  readonly word: string;
  readonly run: (world: LeakWorld) => Promise<unknown>;
  /** Who may learn the word from now on. */
  readonly knows: ReadonlySet<Role>;
  /** Whose feed tells of it. */
  readonly feeds: ReadonlySet<Role>;
  /** Whose waits it ends. */
  readonly wakes: ReadonlySet<Role>;
  /** Into whose conversation it is pushed. */
  readonly pushedTo: ReadonlySet<Role>;
  readonly told: Told;
  /** As true as what it is told of, but needless. */
  readonly spare: Told;
  /** Of agents and types, as it shows them. */
  readonly names: readonly string[];
}

/** Stands where no stream looks. */
export const VALUE = 'live-value-word';

type LiveLine = Omit<Line, 'sees'> & { readonly mentions?: readonly MemberName[] };

/** Besides those of the world. */
const MORE: Readonly<Record<string, LiveLine>> = {
  mention: { by: 'otherType', in: 'quiet', mentions: ['recipient', 'ghost', 'admin'] },
  'mention-hidden': {
    ...{ by: 'sender', in: 'main', mentions: ['recipient', 'otherType'] },
    args: { visibility: 'private' },
  },
  'mention-kin': {
    ...{ by: 'sender', in: 'main', mentions: ['sameType', 'ghost'] },
    args: { visibility: 'agent_only' },
  },
  'answer-hidden': { by: 'otherType', in: 'main', parent: 'public-none', args: { visibility: 'private' } },
  answer: { by: 'recipient', in: 'main', parent: 'public-none' },
  'to-admin': { by: 'ghost', in: 'scratch', args: { visibility: 'private', to: ['cnry-admin-id'] } },
  'to-many': { by: 'sender', in: 'scratch', args: { visibility: 'private', to: ['type:cnry-other-type'] } },
  'foreign-to': { by: 'everywhere', in: 'foreign', args: { to: ['cnry-sender-id'] } },
  'foreign-mention': { by: 'stranger', in: 'foreign', mentions: ['recipient', 'strangeAdmin'] },
  'foreign-type': { by: 'strangeAdmin', in: 'foreign', args: { to: ['type:cnry-coder-type'] } },
};

const LIVE: Readonly<Record<string, LiveLine>> = { ...LINES, ...MORE };
const NOBODY: ReadonlySet<Role> = new Set();
const none: Told = () => [];

export const inboxOf = (name: MemberName): string => `agent://${memberOf(name).agent}/inbox`;
export const memoryOf = (name: MemberName): string => `agent://${memberOf(name).agent}/memory`;

const isForeign = (by: MemberName, place?: Place): boolean => place === 'foreign' || STRANGERS.includes(by);
const readersOf = (foreign: boolean): readonly Role[] => (foreign ? [...STRANGERS, 'everywhere'] : READERS);
/** Who looks after the agents of a workspace. */
const operatorsOf = (foreign: boolean): readonly Role[] => (foreign ? ['strangeAdmin'] : ADMINS);
/** An operator of all workspaces is an agent of none. */
export const agentsOf = (foreign: boolean): readonly MemberName[] =>
  MEMBERS.filter((name) => name !== 'everywhere' && STRANGERS.includes(name) === foreign);

function viewersOf({ by, in: place, args = {} }: LiveLine, visibility: Visibility): ReadonlySet<Role> {
  const to = args.to ?? [];
  if (place !== 'foreign') {
    const message = { id: 0, by, to, parent: null, visibility };
    return new Set(READERS.filter((role) => role !== 'nobody' && sees(role, message)));
  }
  const own = by === 'stranger' && visibility !== 'admin_only';
  const seen = visibility === 'public' || own || to.includes(memberOf('stranger').agent);
  return new Set([...(seen ? (['stranger'] as const) : []), 'strangeAdmin', 'everywhere']);
}

/** Ids and `type:T` that a message speaks to. */
function namesIn({ by, args = {}, mentions = [], parent }: LiveLine): readonly string[] {
  const answered = parent === undefined ? [] : [LIVE[parent]!.by];
  const ids = [...mentions, ...answered].map((name) => memberOf(name).agent);
  return [...(args.to ?? []), ...ids].filter((name) => name !== memberOf(by).agent);
}

/** Agents that it speaks to, whether they see it or not. */
function addresseesOf(line: LiveLine): readonly MemberName[] {
  const names = namesIn(line);
  return agentsOf(line.in === 'foreign').filter((name) => {
    const { agent, type } = memberOf(name);
    return name !== line.by && (names.includes(agent) || names.includes(`type:${type.toLowerCase()}`));
  });
}

const placesOf = (world: LeakWorld, place: Place): readonly string[] => [
  `session://${world.sessions[place]}`,
  `session://${world.sessions[place]}/messages`,
];

/** Whose inboxes a role is told of that sees the message, and of which it may be told besides. */
function inboxesOf(line: LiveLine): { readonly told: Told; readonly spare: Told } {
  const { by, in: place, args = {} } = line;
  const spokenTo = addresseesOf(line);
  const operators = operatorsOf(place === 'foreign');
  const ofType = (args.to ?? []).some((to) => to.startsWith('type:'));
  // Of names that no agent has yet, too.
  const named = namesIn(line).map((name) => `agent://${name}/inbox`);
  return {
    told: (role) => spokenTo.filter((one) => one === role || operators.includes(role)).map(inboxOf),
    spare: (role) => {
      const isOperator = operators.includes(role);
      const own = ofType && (role === by || isOperator) ? [inboxOf(by)] : [];
      return [...(isOperator ? named : []), ...own];
    },
  };
}

/** The ids of what was posted live, by name. */
export type LiveIds = Map<string, number>;

function posted(world: LeakWorld, ids: LiveIds, name: string, prefix: string): Step {
  const line = LIVE[name]!;
  const { by, in: place, args = {}, mentions = [], parent } = line;
  const word = `${prefix}-${name}-word`;
  const viewers = viewersOf(line, args.visibility ?? 'public');
  const spokenTo = addresseesOf(line);
  const inboxes = inboxesOf(line);
  const { idempotency_key: _, ...rest } = args;
  const said = [word, ...mentions.map((one) => `@${memberOf(one).agent}`)].join(' ');
  return {
    ...{ name: `${name} is posted`, word, knows: viewers, feeds: viewers, wakes: viewers },
    async run({ call, sessions }) {
      const { message_id } = await call(by, 'add_message', {
        ...{ session_id: sessions[place], content: said, metadata: { note: word }, ...rest },
        ...(parent === undefined ? {} : { parent_message_id: ids.get(parent) }),
      });
      ids.set(name, Number(message_id));
    },
    pushedTo: new Set(spokenTo.filter((one) => viewers.has(one))),
    told: (role) => (viewers.has(role) ? [...placesOf(world, place), ...inboxes.told(role)] : []),
    spare: (role) => (viewers.has(role) ? inboxes.spare(role) : []),
    names: [
      ...[memberOf(by).agent, memberOf(by).type, ...(args.to ?? []).map((to) => to.replace('type:', ''))],
      ...mentions.map((one) => memberOf(one).agent),
    ],
  };
}

function changed(
  world: LeakWorld,
  ids: LiveIds,
  name: LineName,
  { prefix, from, to }: { readonly prefix: string; readonly from: Visibility; readonly to: Line['then'] },
): Step[] {
  if (to === undefined) return [];
  const line: LiveLine = LINES[name];
  const before = viewersOf(line, from);
  const after = viewersOf(line, to.visibility);
  const step = posted(world, ids, name, prefix);
  const inboxes = inboxesOf(line);
  return [
    {
      ...{ ...step, name: `${name} becomes ${to.visibility}`, knows: after, feeds: after },
      wakes: new Set([...after].filter((role) => !before.has(role))),
      run: ({ call }) =>
        call(to.by, 'set_message_visibility', { message_id: ids.get(name), visibility: to.visibility }),
      pushedTo: NOBODY,
      told: (role) => (after.has(role) ? [...placesOf(world, line.in), ...inboxes.told(role)] : []),
      spare: (role) => (after.has(role) ? inboxes.spare(role) : []),
    },
  ];
}

/** Words of messages that a role has not read, oldest first, if it has read nothing since. */
export function unreadBy(role: Role, prefix: string): readonly string[] {
  return Object.entries(LIVE).flatMap(([name, line]) => {
    const visibility = line.then?.visibility ?? line.args?.visibility ?? 'public';
    const speaks = addresseesOf(line).some((one) => one === role);
    return speaks && viewersOf(line, visibility).has(role) ? [`${prefix}-${name}-word`] : [];
  });
}

/** All kinds of messages are posted. `prefix` makes their words. */
export const posts = (world: LeakWorld, ids: LiveIds, prefix: string): readonly Step[] =>
  Object.keys(LIVE).map((name) => posted(world, ids, name, prefix));

const NAMES = Object.keys(LINES) as LineName[];

/** Some are hidden then, or shown. */
export const changes = (world: LeakWorld, ids: LiveIds, prefix: string): readonly Step[] =>
  NAMES.flatMap((name) => {
    const { args = {}, then }: LiveLine = LINES[name];
    return changed(world, ids, name, { prefix, from: args.visibility ?? 'public', to: then });
  });

/** Those that were shown to all are hidden again: the log still tells of them. */
export const relapses = (world: LeakWorld, ids: LiveIds, prefix: string): readonly Step[] =>
  NAMES.filter((name) => (LINES[name] as LiveLine).then?.visibility === 'public').flatMap((name) =>
    changed(world, ids, name, {
      ...{ prefix, from: 'public' },
      to: { by: 'admin', visibility: 'admin_only' },
    }),
  );

interface Other {
  readonly by: MemberName;
  readonly run: (call: LeakWorld['call'], word: string, by: MemberName) => Promise<unknown>;
  readonly feeds: ReadonlySet<Role>;
  readonly told?: Told;
}

function other(name: string, { by, run, feeds, told = none }: Other): Step {
  const word = `live-${name}-word`;
  const knows = name.startsWith('memory') ? new Set([...feeds, ...operatorsOf(isForeign(by))]) : feeds;
  return {
    ...{ name, word, knows, feeds, wakes: NOBODY, pushedTo: NOBODY, told, spare: none },
    run: ({ call }) => run(call, word, by),
    names: [memberOf(by).agent, memberOf(by).type],
  };
}

const everybodyBy = (by: MemberName): ReadonlySet<Role> => new Set(readersOf(isForeign(by)));

/** The word is its reason; in both workspaces it is on the same resource. */
export function leaseOf(
  { sessions }: LeakWorld,
  by: 'sender' | 'stranger',
): { readonly taken: Step; readonly released: Step } {
  const session_id = sessions[by === 'stranger' ? 'foreign' : 'main'];
  const feeds = everybodyBy(by);
  const event = other(`lease-${by}`, {
    ...{ by, feeds },
    run: (call, reason) => call(by, 'acquire_lease', { resources: ['live-leased'], reason, session_id }),
  });
  // Who may ask for it is told who has it.
  const taken = by === 'sender' ? { ...event, knows: new Set<Role>([...feeds, 'writeOnly']) } : event;
  const run = ({ call }: LeakWorld) => call(by, 'release_lease', { all: true });
  return { taken, released: { ...taken, name: `lease-${by} is released`, run } };
}

/** What is not a message: sessions, memory, leases. */
export function others(world: LeakWorld): readonly Step[] {
  const { sessions } = world;
  const updates = (['main', 'quiet', 'scratch', 'foreign'] as const).map((place) => {
    const by = place === 'foreign' ? 'stranger' : 'otherType';
    return other(`session-${place}-update`, {
      ...{ by, feeds: everybodyBy(by) },
      run: (call, purpose) => call(by, 'update_session', { session_id: sessions[place], purpose }),
      told: (role) => (everybodyBy(by).has(role) ? [`session://${sessions[place]}`] : []),
    });
  });
  const opened = (['otherType', 'stranger'] as const).map((by) =>
    other(`session-new-${by}`, {
      ...{ by, feeds: everybodyBy(by) },
      run: (call, purpose) => call(by, 'create_session', { purpose, metadata: { note: purpose } }),
    }),
  );
  const own = (['sender', 'ghost', 'sibling', 'stranger'] as const).flatMap((by) => {
    const operators = operatorsOf(isForeign(by));
    const feeds = new Set<Role>([by]);
    const told: Told = (role) => (role === by || operators.includes(role) ? [memoryOf(by)] : []);
    const session_id = sessions[by === 'stranger' ? 'foreign' : 'main'];
    const set = other(`memory-${by}`, {
      ...{ by, feeds, told },
      run: (call, key) => call(by, 'set_memory', { key, value: VALUE, metadata: { note: key }, session_id }),
    });
    const run = ({ call }: LeakWorld) => call(by, 'delete_memory', { key: set.word, session_id });
    return [set, { ...set, name: `memory-${by} is deleted`, run }];
  });
  const shared = (['otherType', 'stranger'] as const).map((by) =>
    other(`memory-shared-${by}`, {
      ...{ by, feeds: everybodyBy(by) },
      run: (call, key) => call(by, 'set_memory', { key, value: VALUE, scope: 'shared' }),
    }),
  );
  const leases = (['sender', 'stranger'] as const).flatMap((by) => Object.values(leaseOf(world, by)));
  return [...updates, ...opened, ...own, ...shared, ...leases];
}
