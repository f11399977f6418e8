/** The writing connection with its transaction steps; it can be reopened behind the queue's back. */
import type { CommittedEvent, Tx } from '../port.ts';
import type { Connection } from './connection.ts';
import { createNameMaker, createNames } from './names.ts';
import { createReads, createWrites } from './queries/index.ts';
import { handleMaker, type SyncNouns } from './sync.ts';
import type { WriterConnection } from './writer.ts';

export interface TidyWriterConnection extends WriterConnection {
  /** When something was last put on disk. */
  lastWriteAt(): number;
  /** Sessions that the transaction has changed, or might have, until the next one begins. */
  touched(): ReadonlySet<number>;
  /** Refreshes the planner's statistics and folds the WAL into the file, as far as no reader is in the way. */
  tidy(): void;
  close(): void;
}

interface Opened {
  readonly connection: Connection;
  readonly handle: WriterConnection['handle'];
  readonly steps: Readonly<Record<'begin' | 'savepoint' | 'release' | 'rollbackTo' | 'commit', () => void>>;
  saveSeq(seq: number): void;
  changes(): number;
  forget(): void;
}

/** `nextSeq` gives positions out; one that was given is never given again, whatever becomes of its transaction. */
function prepare(
  connection: Connection,
  nextSeq: () => number,
  tell: (event: CommittedEvent) => void,
  touch: (sessionPk: number) => void,
): Opened {
  const { sqlite } = connection;
  const names = createNames(connection);
  const maker = createNameMaker(connection);
  const step = (sql: string) => {
    const statement = sqlite.prepare(sql);
    return () => void statement.run();
  };
  const saveSeq = sqlite.prepare<[number]>('UPDATE hub SET last_seq = ?');
  const changes = sqlite.prepare<[], number>('SELECT total_changes()').pluck();
  const reads = createReads(connection, names);
  const writes = createWrites(connection, maker, nextSeq, tell, touch);
  const nouns: SyncNouns<Tx> = {
    workspaces: { ...reads.workspaces, ...writes.workspaces },
    keys: { ...reads.keys, ...writes.keys },
    agents: { ...reads.agents, ...writes.agents },
    sessions: { ...reads.sessions, ...writes.sessions },
    messages: { ...reads.messages, ...writes.messages },
    memory: { ...reads.memory, ...writes.memory },
    idempotency: writes.idempotency,
    handles: { ...reads.handles, ...writes.handles },
    logins: { ...reads.logins, ...writes.logins },
    tokens: { ...reads.tokens, ...writes.tokens },
    overview: reads.overview,
    audit: { ...reads.audit, ...writes.audit },
    events: { ...reads.events, ...writes.events },
    leases: { ...reads.leases, ...writes.leases },
    deliveries: { ...reads.deliveries, ...writes.deliveries },
    imports: writes.imports,
    directory: reads.directory,
  };
  return {
    connection,
    handle: handleMaker<Tx>(nouns),
    steps: {
      begin: step('BEGIN IMMEDIATE'),
      savepoint: step('SAVEPOINT work'),
      release: step('RELEASE work'),
      rollbackTo: step('ROLLBACK TO work'),
      commit: step('COMMIT'),
    },
    saveSeq: (seq) => void saveSeq.run(seq),
    changes: () => changes.get() ?? 0,
    forget() {
      names.forget();
      maker.forget();
    },
  };
}

/** `reopen` must open the database that `first` is of, and never make a new one. */
export function createWriterConnection(first: Connection, reopen: () => Connection): TidyWriterConnection {
  let seq = Number(first.sqlite.prepare('SELECT last_seq FROM hub').pluck().get());
  let savedSeq = seq;
  let lastWriteAt = 0;
  let trusted = true;
  let changesBefore = 0;
  const nextSeq = (): number => ++seq;
  /** Of the transaction, and how many of them there were before the current savepoint. */
  let events: CommittedEvent[] = [];
  let kept = 0;
  /** Sessions that are not what they were before the transaction, or might not be. */
  const touched = new Set<number>();
  const touch = (sessionPk: number): void => void touched.add(sessionPk);
  const tell = (event: CommittedEvent): void => {
    events.push(event);
    if (event.sessionPk !== null) touch(event.sessionPk);
  };
  let current = prepare(first, nextSeq, tell, touch);

  return {
    handle: () => current.handle(),
    changes: () => current.changes(),
    begin() {
      if (!trusted) {
        const next = prepare(reopen(), nextSeq, tell, touch);
        current.connection.sqlite.close();
        current = next;
        trusted = true;
      }
      current.steps.begin();
      events = [];
      touched.clear();
      changesBefore = current.changes();
    },
    savepoint() {
      kept = events.length;
      current.steps.savepoint();
    },
    release: () => current.steps.release(),
    rollbackTo() {
      current.forget();
      events.length = kept;
      current.steps.rollbackTo();
      current.steps.release();
    },
    lost: () => !current.connection.sqlite.inTransaction,
    commit() {
      if (seq !== savedSeq) current.saveSeq(seq);
      const wrote = current.changes() !== changesBefore;
      current.steps.commit();
      savedSeq = seq;
      if (wrote) lastWriteAt = Date.now();
      return wrote ? events : undefined;
    },
    rollback() {
      current.forget();
      if (current.connection.sqlite.inTransaction) current.connection.sqlite.exec('ROLLBACK');
    },
    distrust() {
      trusted = false;
    },
    touch() {
      nextSeq();
    },
    lastWriteAt: () => lastWriteAt,
    touched: () => touched,
    tidy() {
      const { sqlite } = current.connection;
      const timeout = Number(sqlite.pragma('busy_timeout', { simple: true }));
      // A checkpoint would wait that long for a reader thread's query, and everything with it.
      sqlite.pragma('busy_timeout = 0');
      try {
        sqlite.pragma('optimize');
        sqlite.pragma('wal_checkpoint(TRUNCATE)');
      } finally {
        sqlite.pragma(`busy_timeout = ${timeout}`);
      }
    },
    close: () => void current.connection.sqlite.close(),
  };
}
