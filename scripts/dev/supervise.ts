/** Keeps a hub running on the current sources: loads the next one beside it, then puts that in its place. */
import type { Front } from './front.ts';
import type { HubProcess } from './hub-process.ts';
import { startHubProcess } from './hub-process.ts';
import type { FromHub } from './messages.ts';

export interface Supervisor {
  /** Replaces the hub by one that runs on what the files hold now. */
  restart(files: readonly string[]): void;
  stop(): Promise<void>;
  /** Ends the hub without waiting for it. */
  kill(): void;
  /** Resolves with the exit code if going on makes no sense, because the command line is wrong. */
  readonly givenUp: Promise<number>;
}

export interface SupervisorOptions {
  readonly root: string;
  readonly args: readonly string[];
  readonly front: Front;
  readonly say: (line: string) => void;
  readonly watch: (file: string) => void;
}

const STOP_MS = 3_000;
const USAGE = 2;
const BROKEN = 'The hub does not run, its last change does not start; `npm run dev` says why.';
const ENDED = 'The hub does not run, it ended by itself; `npm run dev` says why.';

export function supervise({ root, args, front, say, watch }: SupervisorOptions): Supervisor {
  const givenUp = Promise.withResolvers<number>();
  /** The hub that serves, and the one that is to. */
  let current: HubProcess | undefined;
  let next: HubProcess | undefined;
  /** Has the packages loaded and waits for a change: most of the time that a hub takes to start. */
  let spare: HubProcess | undefined;
  /** Resolves when no earlier hub holds the database any more. */
  let free: Promise<unknown> = Promise.resolve();
  let served = false;
  let stopping = false;

  function start(files: readonly string[]): void {
    const begun = performance.now();
    if (files.includes('package.json')) dropSpare();
    const hub = spare ?? prepare();
    spare = undefined;
    if (next !== undefined) leave(next, 0);
    next = hub;
    hub.load((message) => {
      if (hub !== next || stopping) return;
      if (message.kind === 'listening') serve(hub, message.port, files, performance.now() - begun);
      else void heed(hub, message);
    });
  }

  function prepare(): HubProcess {
    const hub = startHubProcess(root, args);
    void hub.exited.then((code) => onExit(hub, code));
    return hub;
  }

  function dropSpare(): void {
    spare?.kill();
    spare = undefined;
  }

  async function heed(hub: HubProcess, message: Exclude<FromHub, { kind: 'listening' }>): Promise<void> {
    if (message.kind === 'settings') {
      for (const file of message.files) watch(file);
      // Nobody is to find the port closed while the first hub starts, or if it does not.
      if (message.place !== null && front.address === undefined)
        await front.listen(message.place).catch(() => 0);
    } else if (message.kind === 'loaded') {
      await front.hold();
      await leaveCurrent();
      if (hub === next) hub.tell({ kind: 'go' });
    } else {
      try {
        hub.tell({ kind: 'address', address: await front.listen(message.place) });
      } catch (error) {
        const { code = '', message: why } = error as NodeJS.ErrnoException;
        hub.tell({ kind: 'refused', code, message: why });
      }
    }
  }

  function serve(hub: HubProcess, port: number, files: readonly string[], ms: number): void {
    current = hub;
    next = undefined;
    front.open(port);
    spare = prepare();
    if (served) say(`restarted in ${Math.round(ms)} ms (${list(files)})`);
    served = true;
  }

  function leave(hub: HubProcess, graceMs: number): void {
    free = Promise.all([free, hub.stop(graceMs)]);
  }

  async function leaveCurrent(): Promise<void> {
    if (current !== undefined) leave(current, STOP_MS);
    current = undefined;
    await free;
  }

  async function onExit(hub: HubProcess, code: number | null): Promise<void> {
    if (stopping) return;
    if (hub === next) {
      next = undefined;
      if (!served && (code === USAGE || code === 0)) return givenUp.resolve(code);
      say('the hub does not start; waiting for a change that mends it');
      spare = prepare();
      await front.refuse(BROKEN);
      await leaveCurrent();
    } else if (hub === current) {
      current = undefined;
      say(
        `the hub ended by itself (${code === null ? 'killed' : `exit code ${code}`}); waiting for a change`,
      );
      if (next === undefined) await front.refuse(ENDED);
      else await front.hold();
    } else if (hub === spare) {
      spare = undefined;
    }
  }

  start([]);
  return {
    restart(files) {
      if (!stopping) start(files);
    },
    async stop() {
      stopping = true;
      dropSpare();
      await front.hold();
      if (next !== undefined) leave(next, STOP_MS);
      await leaveCurrent();
    },
    kill() {
      for (const hub of [spare, next, current]) hub?.kill();
    },
    givenUp: givenUp.promise,
  };
}

const LISTED = 3;

function list(files: readonly string[]): string {
  const more = files.length - LISTED;
  return files.slice(0, LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
