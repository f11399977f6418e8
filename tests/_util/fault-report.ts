/** What a fault test found, for people on a line and for `npm run test:fault` in the file that `FAULT_REPORT` names. */
import { appendFileSync } from 'node:fs';

interface Counts {
  readonly runs: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly doubled: number;
  /** Files that were damaged, or that held what nobody wrote. */
  readonly corrupt: number;
}

export interface FaultFigures extends Counts {
  /** From each fault until the hub did its work again. */
  readonly recoveryMs: readonly number[];
}

/** A line of the file. */
export type FaultRow = { readonly fault: string } & (
  | (Counts & { readonly recovery_p50_ms?: number; readonly recovery_p99_ms?: number })
  | { readonly skipped: string }
);

const { FAULT_REPORT } = process.env;

/** The value below which `part` (0–1) of the values lie, rounded. */
function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN);
}

/** Prints and hands over what was found; `more` is for people only. */
export function reportFault(fault: string, { recoveryMs, ...counts }: FaultFigures, more: string): void {
  const times =
    recoveryMs.length === 0
      ? {}
      : { recovery_p50_ms: quantile(recoveryMs, 0.5), recovery_p99_ms: quantile(recoveryMs, 0.99) };
  const figures = Object.entries({ ...counts, ...times }).map(([name, figure]) => `${name} ${figure}`);
  process.stdout.write(`${fault}: ${figures.join(', ')} (${more})\n`);
  handOver({ fault, ...counts, ...times });
}

/** Says that a fault could not be made here, and what for. */
export function reportSkipped(fault: string, skipped: string): void {
  handOver({ fault, skipped });
}

function handOver(row: FaultRow): void {
  if (FAULT_REPORT !== undefined) appendFileSync(FAULT_REPORT, `${JSON.stringify(row)}\n`);
}
