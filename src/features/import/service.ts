/** Import of old conversations: streamed, in batches, and resumable, because a line is stored once however often it comes. */
import type { Ctx } from '../../context.ts';
import { HubError, publicError } from '../../errors.ts';
import type { Store } from '../../store/port.ts';
import type { Line } from '../../lib/lines.ts';
import { actionOf, actorOf, type Auditor } from '../audit/auditor.ts';
import type { Gates } from '../before.ts';
import type { Limits } from '../limits.ts';
import { demand } from '../permissions.ts';
import { gateRecord } from './gate.ts';
import { parseImportLine } from './record.ts';
import { storeBatch, type BatchOutcome, type NumberedRecord } from './store-records.ts';

export interface ImportReport {
  readonly lines: number;
  readonly imported: number;
  /** Lines that an earlier import had stored. */
  readonly already_there: number;
  readonly sessions: number;
  /** Memory entries stored; only if there were some. */
  readonly memory?: number;
  readonly failed: number;
  /** The first of what could not be stored, or not as it was. */
  readonly problems: readonly { readonly line: number; readonly problem: string }[];
}

export interface ImportService {
  /** Stores the messages, sessions and memory of JSON lines; a bad line is reported and the rest goes on. */
  run(ctx: Ctx, lines: AsyncIterable<Line>): Promise<ImportReport>;
}

export interface ImportDeps {
  readonly auditor: Pick<Auditor, 'note'>;
  readonly store: Store;
  readonly limits: Limits;
  readonly now: () => number;
  readonly gates?: Gates;
}

const BATCH_LINES = 200;
const MAX_PROBLEMS = 1000;

export function createImportService({ store, limits, now, auditor, gates }: ImportDeps): ImportService {
  return {
    async run(ctx, lines) {
      demand(ctx, 'admin');
      const tally = new Tally();
      let batch: NumberedRecord[] = [];
      const flush = async (): Promise<void> => {
        if (ctx.signal.aborted) throw callerGone();
        if (batch.length > 0)
          tally.add(await store.write((tx) => storeBatch(tx, ctx, batch, { limits, at: now() })));
        batch = [];
      };
      try {
        for await (const line of lines) {
          tally.lines++;
          try {
            if ('tooLong' in line) throw new HubError('CONTENT_TOO_LARGE', 'longer than a line may be');
            if (line.text.trim() === '') continue;
            const parsed = parseImportLine(line.text, limits);
            const record = gates === undefined ? parsed : await gateRecord(gates, ctx, parsed, limits);
            batch.push({ line: tally.lines, record });
          } catch (error) {
            if (!(error instanceof HubError))
              ctx.log.error({ err: error, request_id: ctx.requestId }, 'a line could not be read');
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
}

class Tally {
  lines = 0;
  failed = 0;
  #imported = 0;
  #alreadyThere = 0;
  #memory = 0;
  readonly #sessions = new Set<string>();
  readonly #problems: { line: number; problem: string }[] = [];

  add(outcome: BatchOutcome): void {
    this.#imported += outcome.imported;
    this.#alreadyThere += outcome.alreadyThere;
    this.#memory += outcome.memory;
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
      ...(this.#memory === 0 ? {} : { memory: this.#memory }),
      failed: this.failed,
      problems: this.#problems.toSorted((a, b) => a.line - b.line),
    };
  }
}

/** Read by nobody: the caller has hung up, or may not go on. */
function callerGone(): HubError {
  return new HubError('OVERLOADED', 'The import was ended before its last line.', {
    suggestions: ['Send the whole file again; what is there already is not stored again.'],
  });
}
