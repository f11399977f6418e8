/** How much a hub holds, over time, and whether that grows. */
import { readdirSync, readFileSync, statSync } from 'node:fs';

export interface Sample {
  /** Since the process was started, in milliseconds. */
  readonly age: number;
  readonly rss: number;
  readonly files: number;
  readonly wal: number;
}
export const MEASURES = ['rss', 'files', 'wal'] as const;
export type Measure = (typeof MEASURES)[number];

/** Bytes and open files of a process, and bytes of the log beside `database`; undefined for one that is gone. */
export function sampleOf(pid: number, startedAt: number, database: string): Sample | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return {
      age: performance.now() - startedAt,
      rss: Number(kilobytes) * 1024,
      files: readdirSync(`/proc/${pid}/fd`).length,
      wal: statSync(`${database}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    };
  } catch {
    return undefined;
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The medians of the first and of the last third, without those of processes that have only begun. */
export function thirds(samples: readonly Sample[], of: Measure, warmUpMs: number): readonly [number, number] {
  const warm = samples.filter(({ age }) => age >= warmUpMs).map((sample) => sample[of]);
  const third = Math.ceil(warm.length / 3);
  return [median(warm.slice(0, third)), median(warm.slice(-third))];
}

/** By how much the last third may be above the first: as a part of it, and in any case. */
const ROOM: Readonly<Record<Measure, readonly [part: number, least: number]>> = {
  rss: [0.25, 32 * 1024 ** 2],
  files: [0.1, 10],
  wal: [0.5, 16 * 1024 ** 2],
};

export function isFlat([first, last]: readonly [number, number], of: Measure): boolean {
  const [part, least] = ROOM[of];
  return last <= first + Math.max(first * part, least);
}
