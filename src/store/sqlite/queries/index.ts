/** All queries of the port over one connection. */
import type { CommittedEvent, Reads, Writes } from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { NameMaker, Names } from '../names.ts';
import type { SyncNouns } from '../sync.ts';
import { auditWrites } from './audit.ts';
import { deliveryReads, deliveryWrites } from './deliveries.ts';
import { eventReads, eventWrites } from './events.ts';
import { agentReads, agentWrites, idempotencyWrites, importWrites } from './agents.ts';
import { handleReads, handleWrites } from './handles.ts';
import { keyReads, keyWrites, workspaceReads, workspaceWrites } from './keys.ts';
import { leaseReads, leaseWrites } from './leases.ts';
import { createLongReads } from './long-reads.ts';
import { loginReads, loginWrites } from './logins.ts';
import { memoryWrites } from './memory.ts';
import { overviewReads } from './overview.ts';
import { messageWrites } from './message-writes.ts';
import { sessionWrites } from './sessions.ts';
import { tokenReads, tokenWrites } from './tokens.ts';

export function createReads(connection: Connection, names: Names): SyncNouns<Reads> {
  return {
    workspaces: workspaceReads(names),
    keys: keyReads(connection),
    agents: agentReads(connection, names),
    handles: handleReads(connection),
    logins: loginReads(connection),
    tokens: tokenReads(connection),
    events: eventReads(connection, names),
    overview: overviewReads(connection, names),
    leases: leaseReads(connection),
    deliveries: deliveryReads(connection, names),
    ...createLongReads(connection, names),
  };
}

/** `tell` hears of each event, to be passed on when it is committed; `touch` of sessions that change besides. */
export function createWrites(
  connection: Connection,
  names: NameMaker,
  nextSeq: () => number,
  tell: (event: CommittedEvent) => void,
  touch: (sessionPk: number) => void,
): SyncNouns<Writes> {
  return {
    workspaces: workspaceWrites(connection),
    keys: keyWrites(connection),
    agents: agentWrites(connection, names),
    sessions: sessionWrites(connection, names, nextSeq, tell, touch),
    messages: messageWrites(connection, names, nextSeq, tell, touch),
    memory: memoryWrites(connection, names),
    idempotency: idempotencyWrites(connection, names),
    handles: handleWrites(connection),
    logins: loginWrites(connection),
    tokens: tokenWrites(connection),
    audit: auditWrites(connection),
    events: eventWrites(connection, names, nextSeq, tell),
    leases: leaseWrites(connection, names, nextSeq),
    deliveries: deliveryWrites(connection, names),
    imports: importWrites(connection),
  };
}
