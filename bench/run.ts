/** Runs the benchmarks named on the command line, or all; prints a JSON line per figure, then a table. */
import { cpus } from 'node:os';
import { benchAddMessage } from './add-message.ts';
import { createReport, type Report } from './report.ts';
import { benchStore } from './store.ts';

const BENCHES: Readonly<Record<string, (report: Report) => Promise<void>>> = {
  store: benchStore,
  'add-message': benchAddMessage,
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !(name in BENCHES));
if (unknown !== undefined)
  throw new Error(`no benchmark ${unknown}; there are ${Object.keys(BENCHES).join(', ')}`);

const report = createReport((line) => process.stdout.write(`${line}\n`));
process.stderr.write(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}\n`);
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  await bench(report);
}
report.table();
