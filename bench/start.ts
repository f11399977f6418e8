/** What it takes to start: the command line, and the hub of a package that was installed from its tarball. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { installPacked, pack } from '../scripts/packed.ts';
import { median, type Report } from './report.ts';

const ROUNDS = 15;
const STARTS = 5;
const BENCH = 'Start, installed from the tarball';
/** Over a Node that does nothing. */
const HELP_AT_MOST_MS = 150;
const COLD_AT_MOST_S = 15;
const WARM_AT_MOST_S = 1.5;

export async function benchStart(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'schub-start-'));
  try {
    const packed = await pack(folder);
    const started = performance.now();
    const installed = await installPacked(packed, join(folder, 'installed'));
    report.add({ bench: BENCH, figure: 'npm install', value: secondsSince(started), unit: 's' });
    const schub = join(installed, 'bin', 'schub.mjs');
    benchHelp(schub, report);
    await benchHub(schub, folder, report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In turns, so that a busy moment of the machine is everybody's. */
function benchHelp(schub: string, report: Report): void {
  const commands = { node: ['-e', '0'], '--version': [schub, '--version'], '--help': [schub, '--help'] };
  const times = new Map<string, number[]>(Object.keys(commands).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, args] of Object.entries(commands)) {
      const from = performance.now();
      spawnSync(process.execPath, args);
      // The first round warms up.
      if (round > 0) times.get(name)?.push(performance.now() - from);
    }
  }
  const of = (name: string): number => median(times.get(name) ?? []);
  report.add({ bench: BENCH, figure: 'node -e 0', value: of('node'), unit: 'ms' });
  for (const name of ['--version', '--help']) {
    const value = of(name) - of('node');
    report.add({
      bench: BENCH,
      figure: `schub ${name} − node -e 0`,
      value,
      unit: 'ms',
      atMost: HELP_AT_MOST_MS,
    });
  }
}

async function benchHub(schub: string, folder: string, report: Report): Promise<void> {
  const home = join(folder, 'home');
  const cold = await startOnce(schub, home);
  report.add({
    bench: BENCH,
    figure: 'schub up, first start to ready',
    value: cold,
    unit: 's',
    atMost: COLD_AT_MOST_S,
  });
  const warm: number[] = [];
  for (let i = 0; i < STARTS; i++) warm.push(await startOnce(schub, home));
  const figure = 'schub up, later starts to ready';
  report.add({ bench: BENCH, figure, value: median(warm), unit: 's', atMost: WARM_AT_MOST_S });
}

/** Seconds to the ready line; the hub has ended when it resolves. */
async function startOnce(schub: string, home: string): Promise<number> {
  const from = performance.now();
  const child: ChildProcess = spawn(process.execPath, [schub, 'up'], {
    env: { PATH: dirname(process.execPath), HOME: home, HTTP_PORT: '0', LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let said = '';
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (text: Buffer) => {
      said += text.toString();
      if (/^ready http/m.test(said)) resolve();
    });
    void ended.then(() => reject(new Error('the hub has not started')));
  });
  await ready;
  const seconds = secondsSince(from);
  child.kill('SIGTERM');
  await ended;
  return seconds;
}

function secondsSince(from: number): number {
  return (performance.now() - from) / 1000;
}
