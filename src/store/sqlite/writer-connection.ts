/** The writing connection with its transaction steps; it can be reopened behind the queue's back. */
import type { Reads, Tx, Writes } from '../port.ts';
import type { Connection } from './connection.ts';
import { createNameMaker, createNames } from './names.ts';
import { createReads, createWrites } from './queries/index.ts';
import { asyncNouns } from './sync.ts';
import type { WriterConnection } from './writer.ts';

export interface TidyWriterConnection extends WriterConnection {
  /** When something was last committed. */
  lastWriteAt(): number;
  /** Refreshes the planner's statistics and folds the WAL into the file. */
  tidy(): void;
  close(): void;
}

interface Opened {
  readonly connection: Connection;
  readonly tx: Tx;
  readonly steps: Readonly<Record<'begin' | 'savepoint' | 'release' | 'rollbackTo' | 'commit', () => void>>;
  forget(): void;
}

/** `nextSeq` gives positions out; one that was given is never given again, whatever becomes of its transaction. */
function prepare(connection: Connection, nextSeq: () => number, onWrite: () => void): Opened {
  const { sqlite } = connection;
  const names = createNames(connection);
  const maker = createNameMaker(connection);
  const step = (sql: string) => {
    const statement = sqlite.prepare(sql);
    return () => void statement.run();
  };
  const reads = asyncNouns<Reads>(createReads(connection, names));
  const writes = asyncNouns<Writes>(createWrites(connection, maker, nextSeq), onWrite);
  return {
    connection,
    tx: mergeNouns(reads, writes),
    steps: {
      begin: step('BEGIN IMMEDIATE'),
      savepoint: step('SAVEPOINT work'),
      release: step('RELEASE work'),
      rollbackTo: step('ROLLBACK TO work'),
      commit: step('COMMIT'),
    },
    forget() {
      names.forget();
      maker.forget();
    },
  };
}

function mergeNouns(reads: Reads, writes: Writes): Tx {
  return {
    workspaces: { ...reads.workspaces, ...writes.workspaces },
    keys: { ...reads.keys, ...writes.keys },
    agents: { ...reads.agents, ...writes.agents },
    sessions: { ...reads.sessions, ...writes.sessions },
    messages: { ...reads.messages, ...writes.messages },
    memory: { ...reads.memory, ...writes.memory },
    idempotency: writes.idempotency,
    imports: writes.imports,
  };
}

export function createWriterConnection(first: Connection, open: () => Connection): TidyWriterConnection {
  let seq = Number(first.sqlite.prepare('SELECT last_seq FROM hub').pluck().get());
  let savedSeq = seq;
  let lastWriteAt = 0;
  let dirty = false;
  const nextSeq = (): number => ++seq;
  const onWrite = (): void => {
    dirty = true;
  };
  let current = prepare(first, nextSeq, onWrite);
  let saveSeq = prepareSaveSeq();

  function prepareSaveSeq() {
    return current.connection.sqlite.prepare<[number]>('UPDATE hub SET last_seq = ?');
  }

  return {
    get tx() {
      return current.tx;
    },
    begin: () => current.steps.begin(),
    changed() {
      const was = dirty;
      dirty = false;
      return was;
    },
    savepoint: () => current.steps.savepoint(),
    release: () => current.steps.release(),
    rollbackTo() {
      current.forget();
      current.steps.rollbackTo();
      current.steps.release();
    },
    lost: () => !current.connection.sqlite.inTransaction,
    commit() {
      if (seq !== savedSeq) saveSeq.run(seq);
      current.steps.commit();
      savedSeq = seq;
      lastWriteAt = Date.now();
    },
    rollback() {
      current.forget();
      if (current.connection.sqlite.inTransaction) current.connection.sqlite.exec('ROLLBACK');
    },
    reopen() {
      current.connection.sqlite.close();
      current = prepare(open(), nextSeq, onWrite);
      saveSeq = prepareSaveSeq();
    },
    lastWriteAt: () => lastWriteAt,
    tidy() {
      current.connection.sqlite.pragma('optimize');
      current.connection.sqlite.pragma('wal_checkpoint(TRUNCATE)');
    },
    close: () => current.connection.sqlite.close(),
  };
}
