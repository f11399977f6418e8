/** What agents do, as data: what a step speaks of is named by numbers, which count what is there when it is carried out. */
import fc from 'fast-check';
import { MESSAGE_TYPES, VISIBILITIES } from '../../../src/store/port.ts';
import { ACTORS, type ActorName } from './actors.ts';
import { MODES, RESOURCES } from './leases-model.ts';
import { NOBODY } from './messages-model.ts';

/** Whose namesake is beyond the wall, least: there it is refused nearly everything. */
const by: fc.Arbitrary<ActorName> = fc.constantFrom(...ACTORS, 'ann', 'bob', 'cyd');
const nth = fc.nat(30);
const session = nth;
const visibility = fc.constantFrom(...VISIBILITIES, 'public', 'public', 'private');
const messageType = fc.constantFrom(...MESSAGE_TYPES);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
const seldom = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
/** Few, so that they are used again. */
const key = seldom(fc.constantFrom('once', 'twice'));

const NAMES = ['ann', 'BOB', 'cyd', 'ops', 'type:coder', 'type:Reviewer', NOBODY];
const names = (maxLength: number) =>
  fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength, selector: (name) => name.toLowerCase() });
const mentions = fc.uniqueArray(fc.constantFrom('ann', 'Bob', 'cyd', NOBODY), { maxLength: 1 });

const create = fc.record({ does: fc.constant('create' as const), by, key });
const update = fc.record({
  ...{ does: fc.constant('update' as const), by, session },
  isActive: maybe(fc.boolean()),
});
const post = fc.record({
  ...{ does: fc.constant('post' as const), by, session, visibility, messageType, mentions, key },
  ...{ to: names(3), parent: seldom(nth) },
});
const change = fc.record({ does: fc.constant('change' as const), by, message: nth, visibility });
const page = fc.record({
  ...{ does: fc.constant('page' as const), by, session, limit: fc.integer({ min: 1, max: 6 }) },
  from: maybe(fc.record({ side: fc.constantFrom('after_id', 'before_id'), message: nth })),
  filter: maybe(
    fc.oneof(
      fc.record({ visibility_filter: visibility }),
      fc.record({ sender: fc.constantFrom('ann', 'CYD', 'ops') }),
      fc.record({ message_type: messageType }),
      fc.record({ threadOf: nth }),
    ),
  ),
});
const look = fc.record({ does: fc.constant('look' as const), by, session });
const wait = fc.record({
  ...{ does: fc.constant('wait' as const), by, session: maybe(session), cursor: maybe(nth) },
  ...{ limit: fc.integer({ min: 1, max: 5 }), addressedOnly: fc.boolean() },
});

const place = {
  ...{ by, scope: fc.constantFrom('agent', 'shared', 'shared'), session: seldom(session) },
  name: fc.constantFrom('a', 'a', 'A', 'plan.x'),
};
const ifVersion = seldom(fc.nat(3));
const remember = fc.record({
  ...{ does: fc.constant('remember' as const), ...place, ifVersion, key },
  ...{ value: fc.jsonValue({ maxDepth: 2 }), overwrite: fc.boolean() },
  expiresIn: maybe(fc.constantFrom(1, 10, 3600)),
});
const recall = fc.record({ does: fc.constant('recall' as const), ...place });
const forget = fc.record({ does: fc.constant('forget' as const), ...place, ifVersion, key });
const entries = fc.record({
  ...{ does: fc.constant('entries' as const), by, scope: maybe(fc.constantFrom('agent', 'shared')) },
  ...{
    session: fc.option(fc.oneof(session, fc.constant('all' as const))),
    prefix: fc.constantFrom('', 'pl'),
  },
});

const acquire = fc.record({
  ...{ does: fc.constant('acquire' as const), by, mode: fc.constantFrom(...MODES), waits: fc.boolean() },
  resources: fc.uniqueArray(fc.constantFrom(...RESOURCES), { minLength: 1, maxLength: 2 }),
  ttl: fc.constantFrom(10, 60, 3600),
});
const renew = fc.record({
  ...{ does: fc.constant('renew' as const), by, lease: nth, ttl: fc.constantFrom(10, 60) },
});
const release = fc.record({ does: fc.constant('release' as const), by, lease: maybe(nth) });
const leases = fc.record({ does: fc.constant('leases' as const), by });
/** Milliseconds go by: some, or just enough for what expires next. */
const pass = fc.record({
  does: fc.constant('pass' as const),
  ms: fc.constantFrom(
    1,
    999,
    59_999,
    3_600_000,
    25 * 3_600_000,
    ...Array<'until something expires'>(6).fill('until something expires'),
  ),
});

const often = (weight: number) => (arbitrary: fc.Arbitrary<Step>) => ({ weight, arbitrary });
export const step: fc.Arbitrary<Step> = fc.oneof(
  ...[post].map(often(14)),
  ...[wait, remember, change].map(often(6)),
  ...[page, acquire].map(often(3)),
  ...[look, recall, forget, entries, renew, release, leases, pass, update].map(often(2)),
  ...[create].map(often(1)),
);

type Of<T> = T extends fc.Arbitrary<infer S> ? S : never;
export type Step = Of<
  | typeof create
  | typeof update
  | typeof post
  | typeof change
  | typeof page
  | typeof look
  | typeof wait
  | typeof remember
  | typeof recall
  | typeof forget
  | typeof entries
  | typeof acquire
  | typeof renew
  | typeof release
  | typeof leases
  | typeof pass
>;
/** Those that do one thing. */
export type StepOf<D extends Step['does']> = Extract<Step, { does: D }>;
