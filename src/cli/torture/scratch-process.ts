/** A hub in a process of its own, in a folder of its own, to be killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Surroundings } from '../../config/env.ts';
import { dataFiles, dataFolder } from '../../config/paths.ts';
import { loadSecrets } from '../../config/secrets.ts';
import { StartError } from '../../errors.ts';

export interface ScratchProcess extends AsyncDisposable {
  readonly apiKey: string;
  /** The file of its database. */
  readonly database: string;
  /**
   * Starts it; there must be none that runs. Resolves when it is ready.
   * @throws StartError with what it said, if it ends before.
   */
  start(): Promise<void>;
  /** Where it answers; waits for one that is starting, and is empty for one that is gone. */
  url(): Promise<string>;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to stop; resolves when it has. */
  stop(): Promise<void>;
}

/** What a process needs of its surroundings; settings of the user's own hub must not reach this one. */
const INHERITED = ['PATH', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR', 'NODE_OPTIONS', 'NODE_COMPILE_CACHE'];
const SETTINGS = { HTTP_PORT: '0', RATE_LIMIT_ENABLED: 'false', LOG_LEVEL: 'warn' };
/** As much of what it said last as is repeated. */
const SAID = 2000;

/** `folder` is its home and holds its data; nothing runs yet. */
export async function scratchProcess(
  around: Pick<Surroundings, 'env' | 'platform'>,
  folder: string,
): Promise<ScratchProcess> {
  const kept = INHERITED.flatMap((name) => {
    const value = around.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const home = { HOME: folder, USERPROFILE: folder, XDG_DATA_HOME: folder, LOCALAPPDATA: folder };
  const env = { ...Object.fromEntries(kept), ...home, ...SETTINGS };
  const dataDir = dataFolder({ env, platform: around.platform, home: folder });
  const { secrets } = await loadSecrets(dataDir, { apiKey: null, adminApiKey: null, jwtSecretKey: null });
  let running: Running | undefined;

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    running?.child.kill(signal);
    await running?.gone;
  }

  return {
    apiKey: secrets.apiKey,
    database: dataFiles.database(dataDir),
    async start() {
      running = run(env, folder);
      await running.ready;
    },
    url: async () => (await running?.ready.catch(() => '')) ?? '',
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly ready: Promise<string>;
  readonly gone: Promise<unknown>;
}

function run(env: Readonly<Record<string, string>>, cwd: string): Running {
  // It ends by itself when the channel closes: nothing is left behind by a process that is killed itself.
  const stdio: ('ignore' | 'pipe' | 'ipc')[] = ['ignore', 'pipe', 'pipe', 'ipc'];
  const child = spawn(process.execPath, [process.argv[1] ?? '', 'serve'], { env, cwd, stdio });
  const gone = once(child, 'exit');
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-SAID);
  });
  const ready = new Promise<string>((resolve, reject) => {
    if (child.stdout !== null)
      createInterface(child.stdout).on('line', (line) => {
        const url = /^ready (https?:\S+)/.exec(line)?.[1];
        if (url !== undefined) resolve(url);
      });
    const failed = (cause?: unknown): void =>
      reject(new StartError(`The scratch hub did not start: ${said.trim() || 'it said nothing'}`, { cause }));
    gone.then(() => failed(), failed);
  });
  // Whoever waits for it is told; after a kill nobody does.
  ready.catch(() => undefined);
  return { child, ready, gone };
}
