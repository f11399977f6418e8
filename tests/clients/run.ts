/**
 * Real clients against a real hub of this checkout: `npm run test:clients [part of a name …]`. Ends with a table, and with
 * exit code 0 only if none failed; one that cannot be had on this machine is named with the reason.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPacked, pack } from '../../scripts/packed.ts';
import { runSchub } from '../http/run-schub.ts';
import { claudeTests } from './claude.ts';
import { type ClientTest, must, Skipped, type Stage } from './client-test.ts';
import { codexTest } from './codex.ts';
import { connectedTests } from './connected.ts';
import { hookTest } from './hooks.ts';
import { geminiTest } from './gemini.ts';
import { inspectorTest } from './inspector.ts';
import { StandInModel } from './model.ts';
import { pythonTests } from './python.ts';
import { replayTest } from './replay.ts';
import { mcpRemoteTest } from './stdio.ts';
import { Wire } from './wire.ts';

const TESTS: readonly ClientTest[] = [
  ...claudeTests,
  ...[codexTest, geminiTest, inspectorTest, mcpRemoteTest],
  ...[...pythonTests, replayTest],
  ...connectedTests,
  hookTest,
];

const KEY = 'schk_client-tests-agent-0123456789abcdef';
const ADMIN_KEY = 'schk_client-tests-admin-0123456789abcdef';

interface Row {
  readonly client: string;
  readonly version: string;
  readonly era: string;
  readonly result: 'passed' | 'FAILED' | 'skipped';
  readonly remark: string;
  readonly seconds: string;
}

async function carryOut(test: ClientTest, stage: Stage): Promise<Row> {
  const { wire } = stage;
  wire.forget();
  mkdirSync(stage.home, { recursive: true });
  const started = performance.now();
  const row = (result: Row['result'], remark: string, version = '–'): Row => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    return { client: test.name, version, era: wire.era ?? '–', result, remark, seconds };
  };
  try {
    const { version, did } = await test.run(stage);
    must(wire.era === test.era, `agreed on another revision than ${test.era ?? 'none'}`, wire.era ?? 'none');
    return row('passed', did, version);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return row(error instanceof Skipped ? 'skipped' : 'FAILED', reason.replaceAll(KEY, '(key)'));
  }
}

function print(rows: readonly Row[]): void {
  const cells = rows.map((row) => [row.client, row.version, row.era, row.result, row.seconds, row.remark]);
  const lines = [['client', 'version', 'era', 'result', 's', 'what it did, or why not'], ...cells];
  const width = (column: number): number => Math.max(...lines.map((line) => line[column]?.length ?? 0));
  const padded = lines.map((line) => line.map((cell, n) => cell.replaceAll('\n', ' ').padEnd(width(n))));
  for (const line of padded) console.log(line.join('  ').trimEnd());
}

const wanted = process.argv.slice(2).map((word) => word.toLowerCase());
const chosen = TESTS.filter(
  ({ name }) => wanted.length === 0 || wanted.some((word) => name.toLowerCase().includes(word)),
);
let installed: Promise<string> | undefined;
/** Once for all who need it. */
const schub = (): Promise<string> =>
  (installed ??= pack(root)
    .then((packed) => installPacked(packed, join(root, 'installed')))
    .then((folder) => join(folder, 'bin', 'schub.mjs'))
    .catch((error: unknown) => {
      throw new Skipped(`no package: ${error instanceof Error ? error.message : String(error)}`);
    }));
const root = mkdtempSync(join(tmpdir(), 'shared-context-hub-clients-'));
const hub = runSchub({ args: ['serve'], share: root, env: { API_KEY: KEY, ADMIN_API_KEY: ADMIN_KEY } });
try {
  await using wire = await Wire.start(await hub.ready);
  await using model = await StandInModel.start();
  const rows: Row[] = [];
  for (const [n, test] of chosen.entries()) {
    console.error(`${test.name} …`);
    const home = join(root, `home-${String(n)}`);
    rows.push(
      await carryOut(test, { wire, model, home, key: KEY, adminKey: ADMIN_KEY, base: wire.url, schub }),
    );
  }
  print(rows);
  const count = (result: Row['result']): number => rows.filter((row) => row.result === result).length;
  const sum = `${String(count('passed'))} passed, ${String(count('FAILED'))} failed`;
  console.log(`clients: ${sum}, ${String(count('skipped'))} skipped`);
  if (count('FAILED') > 0 || count('passed') === 0) process.exitCode = 1;
} finally {
  hub.child.kill('SIGTERM');
  await hub.ended;
  rmSync(root, { recursive: true, force: true });
}
