/** The process of the hub below `npm run dev`: `schub serve` on the sources, with the port left to the dev process. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Server } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { runCli } from '../../src/cli/program.ts';
import { brief, isUnplaced } from './brief.ts';
import type { FromHub, Place, ToHub } from './messages.ts';

const root = path.join(import.meta.dirname, '..', '..');
const args = process.argv.slice(2);

function tell(message: FromHub): void {
  if (process.connected) process.send?.(message);
}

async function answer(): Promise<ToHub> {
  // `serve` lets the process end although the channel is open; not while it waits for this.
  process.channel?.ref();
  const [message] = (await once(process, 'message')) as [ToHub];
  process.channel?.unref();
  return message;
}

/** Once the hub serves it stops by itself when the dev process goes; before that there is nothing to stop. */
function leaveWithDev(): void {
  process.on('disconnect', () => {
    if (process.listenerCount('SIGTERM') === 0) process.exit();
  });
  // A hub that hangs in a loop does not notice.
  const watchdog = `
    const dev = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid === dev) return;
      clearInterval(timer);
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 5000);
    }, 500);`;
  new Worker(watchdog, { eval: true }).unref();
}

/** The hub's server listens on a port of its own, which nobody needs to know, and takes the dev process's for it. */
function leavePortToDev(): void {
  const listen = Reflect.get(Server.prototype, 'listen') as (place: Place, done: () => void) => Server;
  const listenBehind = async (server: Server, place: Place, done?: () => void): Promise<void> => {
    if (server instanceof TlsServer) {
      server.emit('error', new Error('npm run dev does no TLS; unset TLS_CERT_FILE and TLS_KEY_FILE'));
      return;
    }
    const asked = answer();
    tell({ kind: 'listen', place });
    const answered = await asked;
    if (answered.kind === 'refused') {
      const { code, message } = answered;
      server.emit('error', Object.assign(new Error(message), { code }));
    } else if (answered.kind === 'address') {
      listen.call(server, { host: '127.0.0.1', port: 0 }, () => {
        const { port } = server.address() as AddressInfo;
        server.address = () => answered.address;
        tell({ kind: 'listening', port });
        done?.();
      });
    }
  };
  Reflect.set(Server.prototype, 'listen', function (this: Server, place: Place, done?: () => void) {
    void listenBehind(this, place, done);
    return this;
  });
}

async function tellSettings(): Promise<void> {
  const [{ placeOf }, { givenBy }, { dotenvFile, settingsFile }] = await Promise.all([
    import('./settings.ts'),
    import('./flags.ts'),
    import('../../src/config/env.ts'),
  ]);
  const given = givenBy(args);
  const files = [dotenvFile(given.around), settingsFile(given.around)];
  tell({ kind: 'settings', files, place: placeOf(given) });
}

/** Those that take the longest to load; a change of the sources does not change them. */
async function loadPackages(): Promise<void> {
  await Promise.allSettled([
    import('../../src/store/sqlite/drizzle.ts'),
    import('fastmcp'),
    import('@modelcontextprotocol/server'),
    import('@hono/node-server'),
    import('commander'),
    import('pino'),
    import('prom-client'),
    import('markdown-it'),
    import('sanitize-html'),
  ]);
}

/** All that `serve` needs, so that little is left to do once the port waits for it. */
async function load(): Promise<typeof runCli> {
  const [program] = await Promise.all([
    import('../../src/cli/program.ts'),
    import('../../src/cli/output.ts'),
    import('../../src/cli/serve.ts'),
    import('../../src/hub.ts'),
  ]);
  return program.runCli;
}

leaveWithDev();
leavePortToDev();
const turn = answer();
await loadPackages();
await turn;
try {
  await tellSettings().catch(() => undefined);
  const run = await load();
  const go = answer();
  tell({ kind: 'loaded' });
  await go;
  const stderr = {
    write: (text: string) => process.stderr.write(brief(text, root)),
    isTTY: process.stderr.isTTY,
  };
  process.exitCode = await run(['serve', ...args], { stdout: process.stdout, stderr });
} catch (error) {
  if (isUnplaced(error)) {
    // Node knows the file of such an error, and says it as the process ends.
    error.stack = `SyntaxError: ${error.message}`;
    throw error;
  }
  process.stderr.write(brief(error instanceof Error ? (error.stack ?? error.message) : String(error), root));
  process.exitCode = 1;
}
