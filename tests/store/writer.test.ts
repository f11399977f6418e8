/** The writer over a connection whose disk fails on command. */
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Tx } from '../../src/store/port.ts';
import { createWriter, type Writer, type WriterConnection } from '../../src/store/sqlite/writer.ts';
import { silent } from './engine.ts';

/** What fails next, and with what. */
interface Faults {
  begin?: unknown;
  commit?: unknown;
  rollback?: unknown;
}

let faults: Faults;
let steps: string[];
let inTransaction: boolean;
let changes: number;
let writer: Writer;

const sqliteError = (code: string): Error => new Database.SqliteError('it failed', code);

function step(name: keyof Faults | 'savepoint' | 'release' | 'rollbackTo' | 'distrust'): void {
  steps.push(name);
  const fault = name in faults ? faults[name as keyof Faults] : undefined;
  if (fault !== undefined) throw fault;
}

beforeEach(() => {
  faults = {};
  steps = [];
  inTransaction = false;
  changes = 0;
  const connection: WriterConnection = {
    handle: () => ({ tx: {} as Tx, end: () => undefined }),
    changes: () => changes,
    begin() {
      step('begin');
      inTransaction = true;
    },
    savepoint: () => step('savepoint'),
    release: () => step('release'),
    rollbackTo: () => step('rollbackTo'),
    lost: () => !inTransaction,
    commit() {
      step('commit');
      inTransaction = false;
      const wrote = changes > 0;
      changes = 0;
      return wrote ? [] : undefined;
    },
    rollback() {
      inTransaction = false;
      changes = 0;
      step('rollback');
    },
    distrust: () => step('distrust'),
    touch: () => {
      changes++;
    },
  };
  writer = createWriter(connection, { maxBatch: 10, maxQueue: 100, log: silent });
});

const change = async (): Promise<string> => {
  changes++;
  return 'done';
};
const unwritable = (code: string) => ({
  writable: false,
  reason: `the last write to the database failed (${code})`,
});

describe('a failing commit', () => {
  it.each(['SQLITE_FULL', 'SQLITE_READONLY', 'SQLITE_BUSY'])('refuses the whole batch: %s', async (code) => {
    faults.commit = sqliteError(code);
    const batch = await Promise.allSettled([
      writer.write(change),
      writer.write(() => Promise.resolve('read')),
    ]);
    for (const one of batch) {
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } });
      expect(String((one as PromiseRejectedResult).reason)).toContain('nothing was stored');
    }
    expect(steps).toEqual(['begin', 'commit', 'rollback']);
    expect(writer.health()).toEqual(unwritable(code));
  });

  it('says that it does not know, where the log may hold it in spite of all', async () => {
    faults.commit = sqliteError('SQLITE_IOERR_FSYNC');
    await expect(writer.write(change)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('not known') as string,
    });
    expect(steps).toEqual(['begin', 'commit', 'rollback', 'distrust']);
  });

  it('has the connection opened anew where its transaction cannot be undone', async () => {
    faults.commit = sqliteError('SQLITE_FULL');
    faults.rollback = sqliteError('SQLITE_IOERR_WRITE');
    await expect(writer.write(change)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(steps.at(-1)).toBe('distrust');
  });

  it('is over when something reached the disk, and not before', async () => {
    faults.commit = sqliteError('SQLITE_FULL');
    await expect(writer.write(change)).rejects.toThrow();
    faults = {};
    await writer.write(() => Promise.resolve('nothing to write'));
    expect(writer.health()).toEqual(unwritable('SQLITE_FULL'));
    await writer.probe();
    expect(writer.health()).toEqual({ writable: true });
  });
});

describe('a failing begin', () => {
  it('refuses the batch, and the next one is tried', async () => {
    faults.begin = sqliteError('SQLITE_CANTOPEN');
    await expect(writer.write(change)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(writer.health()).toEqual(unwritable('SQLITE_CANTOPEN'));
    faults = {};
    await expect(writer.write(change)).resolves.toBe('done');
    expect(writer.health()).toEqual({ writable: true });
  });

  it('of an unknown kind does not leave its words to strangers', async () => {
    faults.begin = new TypeError('secret detail');
    await expect(writer.write(change)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(writer.health()).toEqual(unwritable('unknown'));
  });
});

describe('a statement that fails', () => {
  const failing = (error: unknown, before: () => void = () => undefined) =>
    writer.write(async () => {
      before();
      throw error;
    });

  it('for want of disk fails the batch', async () => {
    const batch = [writer.write(change), failing(sqliteError('SQLITE_FULL')), writer.write(change)];
    for (const one of await Promise.allSettled(batch)) {
      expect(one).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE' } });
    }
    expect(steps).toEqual(['begin', 'rollback']);
    expect(writer.health()).toEqual(unwritable('SQLITE_FULL'));
  });

  it('and takes the transaction with it fails the batch, even where the work goes on', async () => {
    const lose = () => {
      inTransaction = false;
    };
    const thrown = [writer.write(change), failing(sqliteError('SQLITE_INTERRUPT'), lose)];
    for (const one of await Promise.allSettled(thrown)) {
      expect(one).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE' } });
    }
    const swallowed = [
      writer.write(async () => {
        lose();
      }),
      writer.write(change),
    ];
    for (const one of await Promise.allSettled(swallowed)) {
      expect(one).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE' } });
    }
    expect(steps).not.toContain('commit');
  });

  it('otherwise fails its write alone', async () => {
    const constraint = sqliteError('SQLITE_CONSTRAINT_UNIQUE');
    const batch = [writer.write(change), failing(constraint), writer.write(change)];
    const outcomes = await Promise.allSettled(batch);
    expect(outcomes.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: constraint });
    expect(steps).toEqual(['begin', 'commit']);
  });

  it('after a change has the batch run again, in savepoints', async () => {
    const corrupt = sqliteError('SQLITE_CORRUPT');
    const batch = [writer.write(change), failing(corrupt, () => changes++), writer.write(change)];
    const outcomes = await Promise.allSettled(batch);
    expect(outcomes.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE' } });
    const isolated = ['savepoint', 'release', 'savepoint', 'rollbackTo', 'savepoint', 'release'];
    expect(steps).toEqual(['begin', 'rollback', 'begin', ...isolated, 'commit']);
  });
});

describe('a writer that refuses', () => {
  it('answers what waits and nothing else', async () => {
    const waiting = [writer.write(change), writer.write(change)];
    writer.refuse('the reason');
    await expect(writer.write(change)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(writer.probe()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await writer.drain();
    expect(await Promise.all(waiting)).toEqual(['done', 'done']);
    expect(writer.health()).toEqual({ writable: false, reason: 'the reason' });
  });
});
