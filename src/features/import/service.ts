/** Import of old conversations: streamed, in batches, and resumable, because a line is stored once however often it comes. */
import { createHash } from 'node:crypto';
import type { Ctx } from '../../context.ts';
import { HubError, publicError } from '../../errors.ts';
import type { SessionRow, Store, Tx } from '../../store/port.ts';
import type { Line } from '../../lib/lines.ts';
import { actionOf, actorOf, type Auditor } from '../audit/auditor.ts';
import { claimIdIn } from '../agents/claim.ts';
import type { Limits } from '../limits.ts';
import { audiencesOf } from '../messages/visibility.ts';
import { demand } from '../permissions.ts';
import { homeWorkspace } from '../sessions/service.ts';
import { parseImportLine, type ImportedMessage } from './line.ts';

export interface ImportReport {
  readonly lines: number;
  readonly imported: number;
  /** Lines that an earlier import had stored. */
  readonly already_there: number;
  readonly sessions: number;
  readonly failed: number;
  /** The first of what could not be stored, or not as it was. */
  readonly problems: readonly { readonly line: number; readonly problem: string }[];
}

export interface ImportService {
  /** Stores the messages of JSON lines; a bad line is reported and the rest goes on. */
  run(ctx: Ctx, lines: AsyncIterable<Line>): Promise<ImportReport>;
}

export interface ImportDeps {
  readonly auditor: Pick<Auditor, 'note'>;
  readonly store: Store;
  readonly limits: Limits;
  readonly now: () => number;
}

interface NumberedMessage {
  readonly line: number;
  readonly message: ImportedMessage;
}

const BATCH_LINES = 200;
const MAX_PROBLEMS = 1000;
const MAX_PURPOSE = 2000;
/** Imported senders are labels that no agent owns. */
const IMPORTED_TYPE = 'imported';

export function createImportService({ store, limits, now, auditor }: ImportDeps): ImportService {
  return {
    async run(ctx, lines) {
      demand(ctx, 'admin');
      const tally = new Tally();
      let batch: NumberedMessage[] = [];
      const flush = async (): Promise<void> => {
        if (ctx.signal.aborted) throw callerGone();
        if (batch.length > 0) tally.add(await store.write((tx) => storeBatch(tx, ctx, batch)));
        batch = [];
      };
      try {
        for await (const line of lines) {
          tally.lines++;
          try {
            if ('tooLong' in line) throw new HubError('CONTENT_TOO_LARGE', 'longer than a line may be');
            if (line.text.trim() === '') continue;
            batch.push({ line: tally.lines, message: parseImportLine(line.text, limits) });
          } catch (error) {
            if (!(error instanceof HubError)) ctx.log.error({ err: error }, 'a line could not be read');
            tally.failed++;
            tally.problem(tally.lines, publicError(error).message);
          }
          if (batch.length === BATCH_LINES) await flush();
        }
        await flush();
      } finally {
        // Of one that broke off, too: what came before is stored.
        const { problems: _, ...counts } = tally.report();
        auditor.note(actorOf(ctx), { type: 'import', action: actionOf(ctx), details: counts });
      }
      return tally.report();
    },
  };

  async function storeBatch(tx: Tx, ctx: Ctx, batch: readonly NumberedMessage[]): Promise<BatchOutcome> {
    const outcome: BatchOutcome = {
      imported: 0,
      alreadyThere: 0,
      failed: 0,
      sessions: new Set(),
      problems: [],
    };
    await claimIdIn(tx, ctx.principal, homeWorkspace(ctx.principal), now());
    for (const { line, message } of batch) {
      const session = await sessionOf(tx, ctx, message);
      outcome.sessions.add(session.sessionId);
      if ((await tx.imports.find(session.pk, message.externalId)) !== undefined) {
        outcome.alreadyThere++;
        continue;
      }
      if ((await tx.messages.countAll(session.pk)) >= limits.maxMessagesPerSession) {
        outcome.failed++;
        outcome.problems.push({ line, problem: `session ${session.sessionId} is full` });
        continue;
      }
      const parentId =
        message.parent === null ? undefined : await tx.imports.find(session.pk, message.parent);
      if (message.parent !== null && parentId === undefined) {
        outcome.problems.push({
          line,
          problem: `parent ${message.parent} is not before it; stored without a parent`,
        });
      }
      await storeMessage(tx, session, message, parentId ?? null);
      outcome.imported++;
    }
    return outcome;
  }
}

interface BatchOutcome {
  imported: number;
  alreadyThere: number;
  failed: number;
  readonly sessions: Set<string>;
  readonly problems: { line: number; problem: string }[];
}

class Tally {
  lines = 0;
  failed = 0;
  #imported = 0;
  #alreadyThere = 0;
  readonly #sessions = new Set<string>();
  readonly #problems: { line: number; problem: string }[] = [];

  add(outcome: BatchOutcome): void {
    this.#imported += outcome.imported;
    this.#alreadyThere += outcome.alreadyThere;
    this.failed += outcome.failed;
    for (const session of outcome.sessions) this.#sessions.add(session);
    for (const { line, problem } of outcome.problems) this.problem(line, problem);
  }

  problem(line: number, problem: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ line, problem });
  }

  report(): ImportReport {
    return {
      lines: this.lines,
      imported: this.#imported,
      already_there: this.#alreadyThere,
      sessions: this.#sessions.size,
      failed: this.failed,
      problems: this.#problems.toSorted((a, b) => a.line - b.line),
    };
  }
}

/** The session that another system's session became: its id follows from the name, so that the same file finds it again. */
async function sessionOf(tx: Tx, ctx: Ctx, message: ImportedMessage): Promise<SessionRow> {
  const workspace = homeWorkspace(ctx.principal);
  const name = message.externalSession;
  const digest = createHash('sha256').update(`${workspace}\u0000${name}`).digest('hex');
  const { row } = await tx.sessions.insert({
    sessionId: `session_${digest.slice(0, 16)}`,
    ...{ workspace, purpose: name.slice(0, MAX_PURPOSE), createdBy: ctx.principal.agentId, isActive: true },
    createdAt: message.timestamp,
    updatedAt: message.timestamp,
    metadata: { imported: true, external_session: name },
  });
  return row;
}

async function storeMessage(
  tx: Tx,
  session: SessionRow,
  message: ImportedMessage,
  parentId: number | null,
): Promise<void> {
  const { externalId, sender, content, visibility, to, messageType, metadata, timestamp } = message;
  const id = await tx.messages.insert({
    sessionPk: session.pk,
    workspace: session.workspace,
    senderType: IMPORTED_TYPE,
    imported: true,
    ...{ sender, content, visibility, to, messageType, parentId, metadata },
    threadId: parentId === null ? null : await threadOf(tx, session, parentId),
    pinned: false,
    createdAt: timestamp,
    audiences: audiencesOf(visibility, null, { agents: [], types: [] }),
    // History speaks to nobody any more.
    addressees: [],
  });
  await tx.imports.remember(session.pk, externalId, id);
}

/** Read by nobody: the caller has hung up, or may not go on. */
function callerGone(): HubError {
  return new HubError('OVERLOADED', 'The import was ended before its last line.', {
    suggestions: ['Send the whole file again; what is there already is not stored again.'],
  });
}

/** The importer is an admin: it sees every parent. */
async function threadOf(tx: Tx, session: SessionRow, parentId: number): Promise<number> {
  const parent = await tx.messages.get(parentId, {
    workspace: session.workspace,
    audiences: ['public', 'admin'],
  });
  return parent?.threadId ?? parentId;
}
