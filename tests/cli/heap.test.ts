/** The hub's process keeps the young part of its heap small, however it was started. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const FLAG = '--max-semi-space-size=8';
/** Stands for the hub: says what its process was started with. */
const SAYS = `
  import { limitHeap } from ${JSON.stringify(join(ROOT, 'bin/heap-flags.mjs'))};
  limitHeap();
  console.log(JSON.stringify({ pid: process.pid, flags: process.execArgv, args: process.argv.slice(2) }));`;

let folder: string;
let script: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'schub-heap-'));
  script = join(folder, 'schub.mjs');
  writeFileSync(script, SAYS);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Said {
  readonly pid: number;
  readonly flags: readonly string[];
  readonly args: readonly string[];
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  });
  return JSON.parse(stdout) as Said;
}

it('as the process that was started, with its arguments', async () => {
  const child = spawn(process.execPath, [script, 'serve', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  expect(JSON.parse(text)).toEqual({ pid: child.pid, flags: [FLAG], args: ['serve', '--port', '0'] });
});

it('when it is started by npm', async () => {
  const { flags, args } = await run([join(ROOT, 'scripts/run.mjs'), script, 'serve']);
  expect({ flags, args }).toEqual({ flags: [FLAG], args: ['serve'] });
});

it('unless somebody has said how large it may be', async () => {
  const own = '--max-semi-space-size=32';
  expect((await run([own, script])).flags).toEqual([own]);
  expect((await run([script], { NODE_OPTIONS: own })).flags).toEqual([]);
});
