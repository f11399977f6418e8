/** Promises that are broken on purpose, each by a change of text, and the test that must see it. */

export interface Mutation {
  /** What is wrong with the hub then. */
  readonly what: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly text: string;
  readonly instead: string;
  readonly test: string;
  /** A part of the names of those that count; all of the file if not given. */
  readonly named?: string;
  readonly runs?: number;
}

const WRITER = 'src/store/sqlite/writer.ts';

export const MUTATIONS: readonly Mutation[] = [
  {
    what: 'commits are not synced',
    file: 'src/store/sqlite/connection.ts',
    text: "sqlite.pragma('synchronous = FULL');",
    instead: "sqlite.pragma('synchronous = NORMAL');",
    ...{ test: 'tests/fault/power.test.ts', named: 'what was synced', runs: 4 },
  },
  {
    what: 'answers go out before the commit',
    file: WRITER,
    text: '      committing = true;\n',
    instead: `      for (const outcome of outcomes) if ('value' in outcome) outcome.job.resolve(outcome.value);
      await new Promise((resolve) => setTimeout(resolve, 50));
      committing = true;\n`,
    ...{ test: 'tests/fault/kill.test.ts', named: 'kills at random', runs: 8 },
  },
  {
    what: 'a commit that failed is taken for one that did not',
    file: WRITER,
    text: 'return batch.map((job) => ({ job, error: refused }));',
    instead:
      'return outcomes.length === batch.length ? outcomes : batch.map((job) => ({ job, error: refused }));',
    ...{ test: 'tests/fault/io.test.ts', named: 'EIO', runs: 20 },
  },
  {
    what: 'agents see what is for operators',
    file: 'src/features/messages/visibility.ts',
    text: "if (may(principal, 'admin')) return { workspace, audiences: [PUBLIC, ADMIN] };",
    instead: 'return { workspace, audiences: [PUBLIC, ADMIN] };',
    ...{ test: 'tests/security/leaks.test.ts', named: 'get_messages.* tells nobody' },
  },
  {
    what: 'an idempotency key is forgotten',
    file: 'src/features/write-once.ts',
    text: 'if (first !== undefined) return first;',
    instead: '',
    test: 'tests/api/idempotency.test.ts',
  },
  {
    what: 'a cursor skips what did not fit its page',
    file: 'src/store/sqlite/queries/events.ts',
    text: 'upTo: more ? (events.at(-1)?.seq ?? after) : Math.max(after, upTo)',
    instead: 'upTo: Math.max(after, upTo)',
    test: 'tests/events/follow.test.ts',
  },
  {
    what: 'fencing tokens do not rise',
    file: 'src/store/sqlite/queries/leases.ts',
    text: 'const fencingToken = nextSeq();',
    instead: 'const fencingToken = 1;',
    test: 'tests/api/leases.test.ts',
  },
  {
    what: 'a newer database is taken for an older one',
    file: 'src/store/sqlite/migrate.ts',
    text: 'if (version > known) {',
    instead: 'if (version > known + 10_000) {',
    ...{ test: 'tests/fault/start.test.ts', named: 'newer database' },
  },
  {
    what: 'damage is not heeded',
    file: 'src/store/sqlite/checks.ts',
    text: 'if (damage !== undefined) throw new StartError(damaged(path, damage));',
    instead: '',
    ...{ test: 'tests/fault/pages.test.ts', named: 'hub.db', runs: 21 },
  },
  {
    what: 'two hubs share a database',
    file: 'src/store/sqlite/lock.ts',
    text: "sqlite.exec('BEGIN EXCLUSIVE');",
    instead: "sqlite.exec('BEGIN');",
    ...{ test: 'tests/fault/start.test.ts', named: 'on the same file' },
  },
];

/** The source with the change made. @throws if its text is not there, or more than once. */
export function mutate(source: string, { what, file, text, instead }: Mutation): string {
  const parts = source.split(text);
  if (parts.length !== 2) throw new Error(`${what}: its text is ${parts.length - 1} times in ${file}`);
  return parts.join(instead);
}
