/** A hub in a process of its own, which outlives the one that starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Surroundings } from '../../config/env.ts';
import type { SettingKey } from '../../config/settings.ts';
import type { RuntimeInfo } from '../../lib/runtime-file.ts';
import { findHub } from '../find-hub.ts';
import { CliError, EXIT } from '../output.ts';

const STARTED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 100;
/** A hub that ends may have found another one that is about to be ready. */
const OTHER_WITHIN_MS = 3_000;

export interface BackgroundDeps {
  readonly around: Pick<Surroundings, 'env' | 'configFile'>;
  readonly dataDir: string;
  /** Settings of the hub, before those of the environment. */
  readonly flags: Readonly<Partial<Record<SettingKey, string>>>;
}

/**
 * The hub of the data folder; starts one if none runs, which logs to `hub.log` there.
 * @throws CliError with what the hub said, if none comes up.
 */
export async function ensureHub({ around, dataDir, flags }: BackgroundDeps): Promise<RuntimeInfo> {
  const running = await findHub(dataDir);
  if (running !== undefined) return running;
  const config = around.configFile === undefined ? [] : ['--config', around.configFile];
  const child = spawn(process.execPath, [process.argv[1] ?? '', 'serve', '--background', ...config], {
    detached: true,
    // It must not become a bridge itself, and speaks to no hub.
    env: { ...around.env, ...flags, MCP_TRANSPORT: 'http', HUB_URL: '', HUB_API_KEY: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
    windowsHide: true,
  });
  const last = collectLast(child);
  try {
    const started = await waitFor(dataDir, child, last);
    // One that was too late waits for the other to stop, which it must not outlive.
    if (started.pid !== child.pid) child.kill();
    return started;
  } finally {
    child.stderr.destroy();
    child.unref();
  }
}

/** Somebody else's hub is as good, if that was quicker. */
async function waitFor(dataDir: string, child: ChildProcess, last: () => string): Promise<RuntimeInfo> {
  let until = performance.now() + STARTED_WITHIN_MS;
  const end = (): void => {
    until = Math.min(until, performance.now() + OTHER_WITHIN_MS);
  };
  child.once('exit', end);
  child.once('error', end);
  while (performance.now() < until) {
    const running = await findHub(dataDir);
    if (running !== undefined) return running;
    await sleep(LOOK_EVERY_MS);
  }
  const said = last();
  throw new CliError(EXIT.unreachable, `No hub could be started${said === '' ? '.' : `: ${said}`}`);
}

/** The last line that a process has said on standard error. */
function collectLast({ stderr }: { readonly stderr: Readable }): () => string {
  let text = '';
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-4_000);
  });
  return () =>
    text
      .trimEnd()
      .split('\n')
      .at(-1)
      ?.replace(/^schub: /, '') ?? '';
}
