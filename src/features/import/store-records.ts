/** Stores a batch of imported records in one transaction; what is there already is left as it is. */
import { createHash } from 'node:crypto';
import type { Ctx } from '../../context.ts';
import type { JsonObject, SessionRow, Tx } from '../../store/port.ts';
import { claimIdIn } from '../agents/claim.ts';
import type { Limits } from '../limits.ts';
import { audiencesOf } from '../messages/visibility.ts';
import { homeWorkspace } from '../sessions/service.ts';
import { splitLabels } from './labels.ts';
import type { ImportedMemory, ImportedMessage, ImportedRecord, ImportedSession } from './record.ts';

export interface NumberedRecord {
  readonly line: number;
  readonly record: ImportedRecord;
}

export interface BatchOutcome {
  imported: number;
  alreadyThere: number;
  failed: number;
  memory: number;
  readonly sessions: Set<string>;
  readonly problems: { line: number; problem: string }[];
}

interface Batch {
  readonly tx: Tx;
  readonly ctx: Ctx;
  readonly workspace: string;
  readonly limits: Limits;
  readonly at: number;
  readonly outcome: BatchOutcome;
  /** By the name that the other system gave them. */
  readonly sessions: Map<string, SessionRow>;
  /** Pks of those that got a message. */
  readonly touched: Set<number>;
}

const MAX_PURPOSE = 2000;
/** Imported senders are labels that no agent owns. */
const IMPORTED_TYPE = 'imported';
/** A message of this hub as its exports name it: its id, and the epoch of the hub. */
const OWN_ID = /^(\d{1,15})@/;

/** The id of the session that another system's session becomes: it follows from the name, so that the same file finds it. */
export function importedSessionId(workspace: string, name: string): string {
  const digest = createHash('sha256').update(`${workspace}\u0000${name}`).digest('hex');
  return `session_${digest.slice(0, 16)}`;
}

export async function storeBatch(
  tx: Tx,
  ctx: Ctx,
  records: readonly NumberedRecord[],
  { limits, at }: { readonly limits: Limits; readonly at: number },
): Promise<BatchOutcome> {
  const workspace = homeWorkspace(ctx.principal);
  const outcome: BatchOutcome = {
    ...{ imported: 0, alreadyThere: 0, failed: 0, memory: 0 },
    sessions: new Set(),
    problems: [],
  };
  const batch: Batch = { tx, ctx, workspace, limits, at, outcome, sessions: new Map(), touched: new Set() };
  await claimIdIn(tx, ctx.principal, workspace, at);
  for (const { line, record } of records) {
    const problem = await store(batch, record);
    if (problem !== undefined) outcome.problems.push({ line, problem });
  }
  // Old messages are news to the hub: what they are in is not idle.
  for (const pk of batch.touched) await tx.sessions.update(pk, { updatedAt: at });
  return outcome;
}

/** Answers what was not as it should be. */
function store(batch: Batch, record: ImportedRecord): Promise<string | undefined> {
  switch (record.record) {
    case 'message':
      return storeMessage(batch, record);
    case 'session':
      return storeSession(batch, record);
    case 'memory':
      return storeMemory(batch, record);
  }
}

async function storeMessage(batch: Batch, message: ImportedMessage): Promise<string | undefined> {
  const { tx, outcome, limits } = batch;
  const { externalId, parent, timestamp } = message;
  const session = await sessionOf(batch, message.externalSession, timestamp);
  outcome.sessions.add(session.sessionId);
  if ((await find(batch, session, externalId, timestamp)) !== undefined) {
    outcome.alreadyThere++;
    return undefined;
  }
  if (!session.isActive && session.metadata['imported'] !== true) {
    outcome.failed++;
    return `session ${session.sessionId} is closed`;
  }
  if ((await tx.messages.countAll(session.pk)) >= limits.maxMessagesPerSession) {
    outcome.failed++;
    return `session ${session.sessionId} is full`;
  }
  const parentId = parent === null ? undefined : await find(batch, session, parent);
  const { sender, content, visibility, to, messageType, pinned, metadata } = message;
  const id = await tx.messages.insert({
    sessionPk: session.pk,
    workspace: session.workspace,
    senderType: IMPORTED_TYPE,
    imported: true,
    ...{ sender, content, visibility, to, messageType, pinned, metadata },
    parentId: parentId ?? null,
    threadId: parentId === undefined ? null : await threadOf(tx, session, parentId),
    createdAt: timestamp,
    audiences: audiencesOf(visibility, null, { agents: [], types: [] }),
    // History speaks to nobody any more.
    addressees: [],
  });
  await tx.imports.remember(session.pk, externalId, id);
  outcome.imported++;
  batch.touched.add(session.pk);
  if (parent === null || parentId !== undefined) return undefined;
  return `parent ${parent} is not before it; stored without a parent`;
}

/** The message that a line became, or was when this hub exported it; `timestamp` must be the latter's then. */
async function find(
  { tx }: Batch,
  session: SessionRow,
  externalId: string,
  timestamp?: number,
): Promise<number | undefined> {
  const imported = await tx.imports.find(session.pk, externalId);
  const own = OWN_ID.exec(externalId)?.[1];
  if (imported !== undefined || own === undefined) return imported;
  const message = await tx.messages.get(Number(own), everythingIn(session));
  const isIt = message?.sessionPk === session.pk && !message.imported;
  return isIt && (timestamp === undefined || message.createdAt === timestamp) ? message.id : undefined;
}

/** The importer is an admin of the workspace: it sees every message. */
const everythingIn = ({ workspace }: SessionRow) => ({ workspace, audiences: ['public', 'admin'] });

async function threadOf(tx: Tx, session: SessionRow, parentId: number): Promise<number> {
  return (await tx.messages.get(parentId, everythingIn(session)))?.threadId ?? parentId;
}

/** A session of the workspace that has this very id, else the one that an import makes of the name. */
async function sessionOf(batch: Batch, name: string, createdAt: number): Promise<SessionRow> {
  return batch.sessions.get(name) ?? makeSession(batch, { name, createdAt });
}

async function makeSession(
  { tx, ctx, workspace, at, sessions }: Batch,
  session: {
    readonly name: string;
    readonly createdAt: number;
    readonly purpose?: string;
    readonly isActive?: boolean;
    readonly metadata?: JsonObject;
  },
): Promise<SessionRow> {
  const { name, createdAt } = session;
  const own = await tx.sessions.get(workspace, name);
  const { row } =
    own === undefined
      ? await tx.sessions.insert({
          sessionId: importedSessionId(workspace, name),
          ...{ workspace, createdBy: ctx.principal.agentId, createdAt, updatedAt: at },
          purpose: session.purpose ?? name.slice(0, MAX_PURPOSE),
          isActive: session.isActive ?? true,
          metadata: session.metadata ?? { imported: true, external_session: name },
        })
      : { row: own };
  sessions.set(name, row);
  return row;
}

/** A session that messages made before is given what it lacks; one that has a purpose of its own is left alone. */
async function storeSession(batch: Batch, session: ImportedSession): Promise<undefined> {
  const { externalSession: name, purpose, createdAt, isActive, metadata } = session;
  const row = await makeSession(batch, { name, purpose, createdAt, isActive, metadata });
  batch.outcome.sessions.add(row.sessionId);
  const isBare = row.sessionId === importedSessionId(batch.workspace, name) && row.purpose === name;
  if (!isBare || purpose === name) return;
  await batch.tx.sessions.update(row.pk, { purpose, metadata, isActive, updatedAt: batch.at });
  batch.sessions.delete(name);
}

/** Memory is shared, or belongs to the agent of that id, if this hub knows one; to nobody else. */
async function storeMemory(batch: Batch, entry: ImportedMemory): Promise<string | undefined> {
  const { tx, ctx, outcome, workspace, limits, at } = batch;
  const { agent: agentId, externalSession, key, expiresAt } = entry;
  const refused = (problem: string): string => {
    outcome.failed++;
    return problem;
  };
  const what = agentId === null ? `shared memory ${key}` : `memory ${key} of ${agentId}`;
  if (expiresAt !== null && expiresAt <= at) return refused(`${what} has expired`);
  const agent = agentId === null ? null : await tx.agents.get(workspace, agentId);
  if (agent === undefined)
    return refused(`${what}: there is no agent ${agentId ?? ''} yet; connect it, then import again`);
  const session = externalSession === null ? null : await sessionOf(batch, externalSession, entry.createdAt);
  const place = { workspace, agentPk: agent?.pk ?? null, sessionPk: session?.pk ?? null };
  if ((await tx.memory.get(place, key, at)) !== undefined) {
    outcome.alreadyThere++;
    return undefined;
  }
  if ((await tx.memory.count(workspace, place.agentPk)) >= limits.maxMemoryEntriesPerAgent)
    return refused(`${what}: there are as many entries as there may be`);
  const { value, createdAt, updatedAt, metadata, version } = entry;
  await tx.memory.put(place, {
    ...{ key, value, createdAt, updatedAt, expiresAt, metadata, version },
    valueSize: Buffer.byteLength(value),
    updatedBy: entry.updatedBy ?? agent?.agentId ?? ctx.principal.agentId,
  });
  outcome.memory++;
  return undefined;
}

/** What an export calls a session: the name under which an import made it, else its id. */
export function externalNameOf({ sessionId, workspace, metadata }: SessionRow): string {
  const name = splitLabels(metadata).labels.external_session;
  return typeof name === 'string' && importedSessionId(workspace, name) === sessionId ? name : sessionId;
}
