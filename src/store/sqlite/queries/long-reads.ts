/**
 * The reads that may walk over more than they answer, and so may run on a reader thread. Nothing here is made with
 * drizzle: to load it is most of the time that a thread needs to start.
 */
import type { Reads } from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { Names } from '../names.ts';
import type { SyncNouns } from '../sync.ts';
import { auditReads } from './audit.ts';
import { directoryReads } from './directory.ts';
import { memoryReads } from './memory.ts';
import { messageReads } from './messages.ts';
import { sessionReads } from './sessions.ts';

export type LongReads = Pick<Reads, 'sessions' | 'messages' | 'memory' | 'audit' | 'directory'>;

export function createLongReads(connection: Connection, names: Names): SyncNouns<LongReads> {
  return {
    sessions: sessionReads(connection, names),
    messages: messageReads(connection, names),
    memory: memoryReads(connection, names),
    audit: auditReads(connection),
    directory: directoryReads(connection, names),
  };
}
