/**
 * What became of messages with agents, on its way to the store. No answer waits for it or fails with it; who reads
 * receipts sees what is still on its way as well.
 */
import type { DeliveryWay, ReceiptRow, Recipient, Store } from '../../store/port.ts';
import type { Logger } from '../../telemetry/log.ts';

export interface Recorder {
  /** The message has reached the agent. */
  delivered(recipient: Recipient, messageId: number, by: DeliveryWay): void;
  /** The agent has said that it has the message. */
  acknowledged(recipient: Recipient, messageId: number): void;
  /** What is not in the store yet of one message with one agent, or with all. */
  pending(messageId: number, agentPk: number): ReceiptRow | undefined;
  pendingOf(messageId: number): readonly ReceiptRow[];
  /** Stores what is left, if the store takes it. Nothing may be noted after. */
  close(): Promise<void>;
}

export interface RecorderDeps {
  readonly store: Pick<Store, 'write'>;
  readonly now: () => number;
  readonly log: Logger;
  /** After how long a store that took nothing is asked again. */
  readonly retryMs?: number;
}

interface Noted {
  readonly recipient: Recipient;
  readonly receipt: ReceiptRow;
}

const RETRY_MS = 1000;
const PER_WRITE = 500;
/** With a disk that takes no writes they must not grow. What is not noted comes again. */
const MAX_PENDING = 50_000;

export function createRecorder({ store, now, log, retryMs = RETRY_MS }: RecorderDeps): Recorder {
  /** By message and agent. */
  const waiting = new Map<number, Map<number, Noted>>();
  let size = 0;
  let storing: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;

  function note(recipient: Recipient, receipt: ReceiptRow): void {
    const { messageId, agentPk } = receipt;
    const there = waiting.get(messageId) ?? new Map<number, Noted>();
    if (!there.has(agentPk)) {
      if (size >= MAX_PENDING) return;
      size++;
    }
    there.set(agentPk, { recipient, receipt });
    waiting.set(messageId, there);
    if (retry === undefined) storing ??= storeAll();
  }

  function done(stored: Iterable<Noted>): void {
    for (const one of stored) {
      const { messageId, agentPk } = one.receipt;
      const there = waiting.get(messageId);
      // Acknowledged while its delivery was being stored.
      if (there?.get(agentPk) !== one) continue;
      there.delete(agentPk);
      size--;
      if (there.size === 0) waiting.delete(messageId);
    }
  }

  async function storeAll(): Promise<void> {
    // All that one answer notes goes together.
    await Promise.resolve();
    while (size > 0) {
      const batch = firstOf(waiting);
      try {
        await store.write(async (tx) => {
          for (const [recipient, noted] of Map.groupBy(batch, (one) => one.recipient)) {
            await tx.deliveries.record(
              recipient,
              noted.map(({ receipt }) => receipt),
            );
          }
        });
        done(batch);
      } catch (error) {
        log.warn({ err: error, receipts: size }, 'receipts could not be stored; it is tried again');
        retry = setTimeout(() => {
          retry = undefined;
          storing ??= storeAll();
        }, retryMs).unref();
        break;
      }
    }
    storing = undefined;
  }

  const pending = (messageId: number, agentPk: number): ReceiptRow | undefined =>
    waiting.get(messageId)?.get(agentPk)?.receipt;

  return {
    delivered(recipient, messageId, by) {
      if (pending(messageId, recipient.pk) !== undefined) return;
      note(recipient, { messageId, agentPk: recipient.pk, by, deliveredAt: now(), acknowledgedAt: null });
    },
    acknowledged(recipient, messageId) {
      const at = now();
      const before = pending(messageId, recipient.pk);
      if (before?.acknowledgedAt != null) return;
      const { by = 'tool', deliveredAt = at } = before ?? {};
      note(recipient, { messageId, agentPk: recipient.pk, by, deliveredAt, acknowledgedAt: at });
    },
    pending,
    pendingOf: (messageId) => [...(waiting.get(messageId)?.values() ?? [])].map(({ receipt }) => receipt),
    async close() {
      await storing;
      clearTimeout(retry);
      if (size === 0) return;
      await storeAll();
      clearTimeout(retry);
    },
  };
}

function firstOf(waiting: ReadonlyMap<number, ReadonlyMap<number, Noted>>): Noted[] {
  const batch: Noted[] = [];
  for (const agents of waiting.values()) {
    for (const noted of agents.values()) {
      batch.push(noted);
      if (batch.length === PER_WRITE) return batch;
    }
  }
  return batch;
}
