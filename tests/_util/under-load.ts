/** The stage of a fault test: a hub that is killed and started again on one folder, with a ledger beside it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { reportFault } from './fault-report.ts';
import { databaseOf, startHub, type HubProcess, type HubProcessOptions } from './hub-process.ts';
import { startLedger, type Ledger } from './ledger.ts';

export const WRITERS = 16;

export interface Scene {
  readonly share: string;
  readonly ledger: Ledger;
  readonly hub: () => HubProcess;
  kill(afterMs?: number): Promise<void>;
  /** Starts the next hub on the same data. */
  start(options?: HubProcessOptions): HubProcess;
  /** Waits for the hub that was started after a fault at `since`, and looks at its file. */
  recovered(since: number): Promise<void>;
  /** Counts a fault that the hub went through in `ms`, without a restart. */
  survived(ms: number): void;
}

export interface LoadOptions {
  readonly fault: string;
  readonly seed: number;
  /** Where the data lies; a temporary folder if not given. */
  readonly share?: string;
  readonly first?: HubProcessOptions;
}

/** Plays `play` with a ledger beside it, then checks what the ledger says and reports it. */
export async function underLoad(options: LoadOptions, play: (scene: Scene) => Promise<void>): Promise<void> {
  const { fault, seed, first } = options;
  const share = options.share ?? mkdtempSync(join(tmpdir(), 'schub-fault-'));
  const recoveryMs: number[] = [];
  let corrupt = 0;
  let hub = startHub(share, first);
  try {
    await hub.ready;
    const { epoch } = look(share);
    const ledger = await startLedger({ writers: WRITERS, url: () => hub.ready.catch(() => '') });
    await play({
      share,
      ledger,
      hub: () => hub,
      async kill(afterMs = 0) {
        await delay(afterMs);
        await hub.kill();
      },
      start(next) {
        hub = startHub(share, next);
        return hub;
      },
      async recovered(since) {
        await hub.ready;
        recoveryMs.push(performance.now() - since);
        if (look(share).integrity !== 'ok') corrupt++;
      },
      survived: (ms) => void recoveryMs.push(ms),
    });
    await ledger.stop();
    const report = await ledger.check(await hub.ready);
    expect(await hub.stop()).toBe(0);
    const after = look(share);
    if (after.integrity !== 'ok' || after.orphans > 0) corrupt++;
    const { acknowledged, lost, doubled } = report;
    const figures = { runs: recoveryMs.length, acknowledged, lost, doubled, corrupt, recoveryMs };
    reportFault(fault, figures, `SEED=${seed}`);
    expect({ ...report, corrupt, epoch: after.epoch }).toEqual({
      ...{ acknowledged, lost: 0, doubled: 0, strange: 0, missed: 0, counted: acknowledged },
      ...{ corrupt: 0, epoch },
    });
    expect(acknowledged).toBeGreaterThanOrEqual(recoveryMs.length);
  } finally {
    await hub.kill();
  }
  if (options.share === undefined) rmSync(share, { recursive: true });
}

/** Looks at a database from outside. */
export function look(share: string): { epoch: unknown; integrity: unknown; orphans: number } {
  const db = new Database(databaseOf(share), { readonly: true });
  try {
    const integrity = db.pragma('integrity_check', { simple: true });
    const orphans = (db.pragma('foreign_key_check') as unknown[]).length;
    const epoch = db.prepare('SELECT epoch FROM hub').pluck().get();
    return { epoch, integrity, orphans };
  } finally {
    db.close();
  }
}
