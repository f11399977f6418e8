/** `schub torture`, run as a shell runs it: what it proves, what it finds, and what it leaves. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../_util/test-hub.ts';
import { runSchub, type Schub } from '../http/run-schub.ts';

/** Of a loaded machine. */
const PATIENCE_MS = 180_000;
vi.setConfig({ testTimeout: PATIENCE_MS });

const share = temporaryFolder();
const tmp = path.join(share, 'tmp');
mkdirSync(tmp);
const started: Schub[] = [];

function torture(args: readonly string[], env: Readonly<Record<string, string>> = {}): Schub {
  // A setting of the user's own hub, which is nobody's to kill.
  const own = { DATABASE_PATH: path.join(share, 'own.db'), TMPDIR: tmp };
  const run = runSchub({ args: ['torture', ...args], share, env: { ...own, ...env } });
  started.push(run);
  return run;
}

const proofOf = ({ stdout }: Schub) => JSON.parse(stdout()) as Record<string, number | boolean>;

afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(share, { recursive: true }));

it('proves that nothing is lost, and leaves nothing', async () => {
  const run = torture(['--kills', '2', '--writers', '4', '--seed', '7', '--json']);
  expect(await run.ended, run.stderr()).toBe(0);
  const proof = proofOf(run);
  expect(proof).toMatchObject({
    ...{ kept: true, kills: 2, seed: 7 },
    ...{ lost: 0, doubled: 0, unexpected: 0, missed: 0, corrupt: 0 },
  });
  expect(proof['acknowledged']).toBeGreaterThanOrEqual(8);
  expect(proof['recovery_p99_ms']).toBeGreaterThanOrEqual(Number(proof['recovery_p50_ms']));
  expect(run.stderr()).toMatch(/^kill 2 of 2: ready again after \d+ ms; \d+ acknowledged so far$/m);
  expect(readdirSync(tmp)).toEqual([]);
  expect(readdirSync(share)).toEqual(['tmp']);
});

/** Once there is a message, no transaction is committed any more; what is in it is acknowledged all the same. */
const ACKNOWLEDGES_TOO_EARLY = `
  import Database from ${JSON.stringify(new URL('../../node_modules/better-sqlite3/lib/index.js', import.meta.url).href)};
  const { prepare } = Database.prototype;
  Database.prototype.prepare = function (sql) {
    const statement = prepare.call(this, sql);
    const isStep = (step) => sql === step && this.name.endsWith('hub.db');
    const run = statement.run.bind(statement);
    if (isStep('BEGIN IMMEDIATE')) statement.run = () => this.inTransaction || run();
    const said = isStep('COMMIT') && prepare.call(this, 'SELECT 1 FROM messages');
    if (said) statement.run = () => said.get() === undefined && run();
    return statement;
  };`;

it('finds what a hub loses that acknowledges before the commit', async () => {
  const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(ACKNOWLEDGES_TOO_EARLY)}`;
  const run = torture(['--kills', '1', '--writers', '4', '--json'], { NODE_OPTIONS });
  expect(await run.ended, run.stderr()).toBe(1);
  const proof = proofOf(run);
  expect(proof['kept']).toBe(false);
  expect(proof['lost']).toBeGreaterThan(0);
  expect(run.stderr()).toMatch(/^Broken: /m);
  // The evidence stays.
  const [folder = ''] = readdirSync(tmp);
  expect(run.stderr()).toContain(`Kept: ${path.join(tmp, folder)}`);
  expect(readdirSync(path.join(tmp, folder))).not.toEqual([]);
  rmSync(path.join(tmp, folder), { recursive: true });
});

it('ends at Ctrl-C, with its hub and its folder; --keep keeps the folder', async () => {
  const run = torture(['--writers', '2']);
  await vi.waitUntil(() => run.stderr().includes('kill 1 of 20'), PATIENCE_MS);
  run.child.kill('SIGINT');
  expect([await run.ended, run.stdout()]).toEqual([130, '']);
  expect(run.stderr()).toMatch(/^schub: Interrupted\.$/m);
  expect(readdirSync(tmp)).toEqual([]);

  const keeping = torture(['--writers', '2', '--keep']);
  await vi.waitUntil(() => keeping.stderr().includes('kill 1 of 20'), PATIENCE_MS);
  keeping.child.kill('SIGINT');
  expect(await keeping.ended).toBe(130);
  const [folder = ''] = readdirSync(tmp);
  expect(keeping.stderr()).toContain(`Kept: ${path.join(tmp, folder)}`);
});
