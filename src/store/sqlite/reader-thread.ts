/** A reader thread: one read-only connection that answers the port's queries one at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadReply } from '../../lib/thread-pool.ts';
import { openReader } from './connection.ts';
import { findDamage } from './damage.ts';
import { storeError } from './errors.ts';
import { createNames } from './names.ts';
import { createLongReads } from './queries/long-reads.ts';
import type { ReaderRequest } from './readers.ts';
import { createPlans, watchSlowest } from './statements.ts';

type Query = (...args: readonly unknown[]) => unknown;

const { path } = workerData as { readonly path: string };
const connection = openReader(path);
const planOf = createPlans(connection.sqlite);
const watch = watchSlowest(connection.sqlite);
const queries = {
  ...createLongReads(connection, createNames(connection)),
  pages: { findDamage: () => findDamage(connection) },
  statements: { planOf },
} as unknown as Record<string, Record<string, Query>>;
/** A query is several statements; in a transaction they see one state. */
const consistently = connection.sqlite.transaction((query: Query, args: readonly unknown[]) =>
  query(...args),
);

function answer({ noun, method, args }: ReaderRequest): ThreadReply {
  try {
    const query = queries[noun]?.[method];
    if (query === undefined) throw new Error(`no query ${noun}.${method}`);
    watch.begin();
    return { json: JSON.stringify(consistently(query, args)), aside: watch.slowest() };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return storeError(error) === error ? { error: message } : { error: message, code: 'unavailable' };
  }
}

parentPort?.postMessage('ready' satisfies ThreadReply);
parentPort?.on('message', (request: ReaderRequest) => parentPort?.postMessage(answer(request)));
