/** The figures of the fault tests, judged, and as the table of docs/guarantees.md. */
import type { FaultRow } from './fault-report.ts';

/** How soon the hub must do its work again, in 99 of 100 cases. */
const RECOVERY_MS = 2000;
const HEAD = ['fault', 'runs', 'acknowledged', 'lost', 'doubled', 'corrupt', 'recovery p50 / p99', 'made'];

/** What a row says that must not be; empty if the promise was kept. */
export function broken(row: FaultRow): readonly string[] {
  if ('skipped' in row) return [];
  const { lost, doubled, corrupt, recovery_p99_ms: p99 = 0 } = row;
  const counts = Object.entries({ lost, doubled, corrupt }).filter(([, count]) => count !== 0);
  return [
    ...counts.map(([name, count]) => `${name} ${count}`),
    ...(p99 < RECOVERY_MS ? [] : [`recovery p99 ${p99} ms, not below ${RECOVERY_MS} ms`]),
  ];
}

/** The cells of a row; `made` says when, and of which commit. */
function cells(row: FaultRow, made: string): readonly string[] {
  if ('skipped' in row) return [row.fault, `skipped: ${row.skipped}`, '', '', '', '', '', made];
  const { recovery_p50_ms: p50, recovery_p99_ms: p99 } = row;
  const counts = [row.runs, row.acknowledged, row.lost, row.doubled, row.corrupt];
  const times = p50 === undefined || p99 === undefined ? '' : `${p50} / ${p99} ms`;
  return [row.fault, ...counts.map((count) => count.toLocaleString('en-US')), times, made];
}

const line = (parts: readonly string[]): string => `| ${parts.join(' | ')} |`;

/** A table in Markdown of these rows, and of those of the table in `before` that they do not replace. */
export function faultTable(before: string, rows: readonly FaultRow[], made: string): string {
  const kept = before
    .split('\n')
    .filter((text) => text.startsWith('| ') && !text.startsWith(`| ${HEAD[0]} `) && !text.startsWith('| -'))
    .map((text): [string, string] => [text.split('|')[1]?.trim() ?? '', text]);
  const table = new Map(kept);
  for (const row of rows) table.set(row.fault, line(cells(row, made)));
  return [line(HEAD), line(HEAD.map((_, i) => (i > 0 && i < 6 ? '---:' : '---'))), ...table.values()].join(
    '\n',
  );
}
