/**
 * Runs the benchmarks named on the command line, or all: a JSON line per figure, then a table; exit code 1 if a promised
 * figure is not kept. `--docs` writes the figures of these into docs/performance.md,
 * and leaves those of others as they are; `--million` searches a million messages as well.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { benchAddMessage } from './add-message.ts';
import { benchBackup } from './backup.ts';
import { benchCaches } from './caches.ts';
import { benchCatchUp } from './catch-up.ts';
import { benchCredentials } from './credentials.ts';
import { benchDashboard } from './dashboard.ts';
import { benchDelivery } from './delivery.ts';
import { benchMemory } from './memory.ts';
import { benchPromises } from './promises.ts';
import { benchReads } from './reads.ts';
import { createReport, type Report } from './report.ts';
import { benchSearch } from './search.ts';
import { benchStart } from './start.ts';
import { benchStore } from './store.ts';
import { benchTelemetry } from './telemetry.ts';

interface Options {
  /** Whether the benchmark of search has time for a million messages. */
  readonly million: boolean;
}

const BENCHES: Readonly<Record<string, (report: Report, options: Options) => Promise<void>>> = {
  store: benchStore,
  reads: benchReads,
  'add-message': benchAddMessage,
  caches: benchCaches,
  promises: benchPromises,
  memory: benchMemory,
  delivery: benchDelivery,
  credentials: benchCredentials,
  search: benchSearch,
  'catch-up': benchCatchUp,
  backup: benchBackup,
  telemetry: benchTelemetry,
  dashboard: benchDashboard,
  start: benchStart,
};
const DOCS = new URL('../docs/performance.md', import.meta.url);
const FIGURES = /(?<=<!-- figures -->\n)[\s\S]*(?=<!-- end of figures -->)/;
const HEADING = /^### (.*)$/m;

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { docs: { type: 'boolean', default: false }, million: { type: 'boolean', default: false } },
});
const unknown = wanted.find((name) => !(name in BENCHES));
if (unknown !== undefined)
  throw new Error(`no benchmark ${unknown}; there are ${Object.keys(BENCHES).join(', ')}`);

const gib = Math.round(totalmem() / 1024 ** 3);
const machine = `Node ${process.version} on ${process.platform}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${gib} GiB`;
const report = createReport((line) => process.stdout.write(`${line}\n`));
process.stderr.write(`${machine}\n`);
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  await bench(report, values);
  if (values.docs) await writeDocs();
}
report.table();
for (const { bench, figure } of report.broken()) process.stderr.write(`not kept: ${bench}, ${figure}\n`);
process.exitCode = report.broken().length === 0 ? 0 : 1;

async function writeDocs(): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const before = readFileSync(DOCS, 'utf8');
  const known = (FIGURES.exec(before)?.[0] ?? '').split(/^(?=### )/m).filter((text) => HEADING.test(text));
  const sections = new Map(known.map((text) => [HEADING.exec(text)?.[1] ?? '', text.trim()]));
  for (const [bench, text] of report.sections(`${date}, ${machine}.`)) sections.set(bench, text);
  const page = before.replace(FIGURES, () => `\n${[...sections.values()].join('\n\n')}\n\n`);
  writeFileSync(DOCS, await format(page, { ...(await resolveConfig(DOCS)), filepath: fileURLToPath(DOCS) }));
}
