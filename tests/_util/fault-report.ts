/** What a fault test found, for people on a line and for `npm run test:fault` in the file that `FAULT_REPORT` names. */
import { appendFileSync } from 'node:fs';

export interface FaultFigures {
  readonly runs: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly doubled: number;
  /** Files that were damaged, or that held what nobody wrote. */
  readonly corrupt: number;
  /** From each fault until the hub did its work again. */
  readonly recoveryMs: readonly number[];
}

export type FaultRow = { readonly fault: string } & (FaultFigures | { readonly skipped: string });

const { FAULT_REPORT } = process.env;

/** The value below which `part` (0–1) of the values lie, rounded; undefined if there are none. */
export function quantile(values: readonly number[], part: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return value === undefined ? undefined : Math.round(value);
}

/** Prints and hands over what was found; `more` is for people only. */
export function reportFault(fault: string, figures: FaultFigures, more = ''): void {
  const { recoveryMs, ...counts } = figures;
  const counted = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  const times =
    recoveryMs.length === 0
      ? []
      : [`recovery p50 ${quantile(recoveryMs, 0.5)} p99 ${quantile(recoveryMs, 0.99)} ms`];
  process.stdout.write(`${fault}: ${[...counted, ...times, ...(more === '' ? [] : [more])].join(', ')}\n`);
  handOver({ fault, ...figures });
}

/** Says that a fault could not be made here, and what for. */
export function reportSkipped(fault: string, skipped: string): void {
  handOver({ fault, skipped });
}

function handOver(row: FaultRow): void {
  if (FAULT_REPORT !== undefined) appendFileSync(FAULT_REPORT, `${JSON.stringify(row)}\n`);
}
