/** What a failure of SQLite means to a caller. */
import Database from 'better-sqlite3';
import { HubError } from '../../errors.ts';

/** How long what an operator has to mend lasts at least. */
const PAUSE_SECONDS = 10;

/** Failures of the disk or the file, not of the statement. */
const UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB|NOMEM|PROTOCOL)/;

export function isSqliteError(thrown: unknown): thrown is InstanceType<typeof Database.SqliteError> {
  return thrown instanceof Database.SqliteError;
}

/** Failures after which the connection is not to be trusted. */
export function isIoError(thrown: unknown): boolean {
  return isSqliteError(thrown) && thrown.code.startsWith('SQLITE_IOERR');
}

/** Failures of what the file stands on: the next write meets them too. */
export function isDiskError(thrown: unknown): boolean {
  return isSqliteError(thrown) && /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|NOMEM)/.test(thrown.code);
}

/** STORE_UNAVAILABLE for failures of disk and file, and of a store that is closed; anything else as it is. */
export function storeError(thrown: unknown): unknown {
  const closed = thrown instanceof TypeError && thrown.message === 'The database connection is not open';
  return closed || (isSqliteError(thrown) && UNAVAILABLE.test(thrown.code)) ? unavailable(thrown) : thrown;
}

/** For a commit that failed on its way to the disk: it may be found there after a crash. */
export function uncertain(cause: unknown): HubError {
  return new HubError(
    'STORE_UNAVAILABLE',
    'The disk failed during this call; whether it was stored is not known.',
    {
      suggestions: ['Try again with the same idempotency_key; without one, look first whether it is there.'],
      retryAfter: 1,
      cause,
    },
  );
}

/** For writes that are refused before anything fails; `reason` is for everybody. */
export function refusedBecause(reason: string): HubError {
  return new HubError('STORE_UNAVAILABLE', `The store takes no writes: ${reason}. Nothing was stored.`, {
    suggestions: ['Tell the operator; reads go on, and writes as soon as that is mended.'],
    retryAfter: PAUSE_SECONDS,
  });
}

export function unavailable(cause?: unknown): HubError {
  return new HubError('STORE_UNAVAILABLE', 'The store cannot take this call now; nothing was stored.', {
    suggestions: ['Try again shortly, with the same idempotency_key if it is a write.'],
    retryAfter: 1,
    cause,
  });
}
