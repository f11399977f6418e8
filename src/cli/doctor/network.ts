/** Checks of the hub that runs, or of the place where it would: address, port, index, keys. */
import { createServer } from 'node:net';
import { z } from 'zod';
import type { LoadedConfig } from '../../config/config.ts';
import { isLoopback, listeningUrl } from '../../config/host.ts';
import { probeHub } from '../../http/probe.ts';
import { portOwner } from '../../lib/port-owner.ts';
import type { RuntimeInfo } from '../../lib/runtime-file.ts';
import { systemCode, systemReason } from '../../lib/system-error.ts';
import { hubClient } from '../client.ts';
import { CliError } from '../output.ts';
import { foundOr, ok, problem, warning, type Finding } from './finding.ts';

const PROBE_MS = 2000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Time to do something about a key that expires. */
const EXPIRES_SOON_MS = 7 * DAY_MS;

const readySchema = z.object({ status: z.string(), reason: z.string().optional() });
const indexSchema = z.object({
  state: z.enum(['ready', 'indexing', 'down']),
  indexed: z.number(),
  last: z.number(),
});
const keysSchema = z.object({
  keys: z.array(
    z.object({ name: z.string(), expires_at: z.string().nullable(), revoked_at: z.string().nullable() }),
  ),
});

/** Whether keys travel in the clear. */
export function checkExposure({ config: { http } }: Pick<LoadedConfig, 'config'>): Finding {
  if (isLoopback(http.host)) return ok('exposure', `${http.host} is reached from this machine alone`);
  if (http.tls !== null) return ok('exposure', `${http.host}, with TLS`);
  if (http.trustProxy.length > 0) return ok('exposure', `${http.host}, behind a proxy`);
  const detail = `the hub listens on ${http.host} without TLS or TRUST_PROXY: keys travel in the clear`;
  return problem(
    'exposure',
    detail,
    'set HTTP_HOST=127.0.0.1, or TLS_CERT_FILE and TLS_KEY_FILE, or put a proxy with TLS before it and set TRUST_PROXY',
  );
}

/** Whether the port is free for a hub that does not run yet. */
export async function checkPort({ config: { http } }: Pick<LoadedConfig, 'config'>): Promise<Finding> {
  const { host, port } = http;
  if (port === 0) return ok('port', 'any free one');
  const refused = await tryToListen(host, port);
  if (refused === undefined) return ok('port', `${String(port)} is free`);
  const mend = `set HTTP_PORT to another port, or stop what has this one`;
  if (systemCode(refused) !== 'EADDRINUSE')
    return problem('port', `${host}:${String(port)} cannot be used: ${systemReason(refused)}`, mend);
  const other = await probeHub(listeningUrl(http), PROBE_MS);
  const owner = await portOwner(port);
  const who = owner === undefined ? 'another program' : `process ${String(owner.pid)} (${owner.command})`;
  const what = other === undefined ? who : `a hub of another data folder, ${who}`;
  return problem('port', `${String(port)} is taken by ${what}`, mend);
}

function tryToListen(host: string, port: number): Promise<unknown> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** `version`: of this program. */
export async function checkRunning(running: RuntimeInfo, version: string): Promise<readonly Finding[]> {
  const where = `runs at ${running.url} (process ${String(running.pid)}), version ${running.version}`;
  const same =
    running.version === version
      ? ok('hub', where)
      : warning('hub', `${where}; this program is ${version}`, 'stop the hub and start it again: schub up');
  const response = await fetch(`${running.url}/health/ready`, {
    signal: AbortSignal.timeout(PROBE_MS),
  }).catch(() => undefined);
  if (response?.ok === true) return [same];
  const said = readySchema.safeParse(await response?.json().catch(() => undefined));
  const reason = said.success ? (said.data.reason ?? said.data.status) : 'it does not answer';
  return [
    same,
    problem('hub', `takes no writes: ${reason}`, 'see its log, and mend the disk that it writes to'),
  ];
}

/** What only the running hub knows: its index and its keys. */
export async function checkInside(loaded: LoadedConfig, now: number): Promise<readonly Finding[]> {
  try {
    const client = await hubClient(loaded);
    const index = await client.read(indexSchema, '/api/v1/search/status');
    const { keys } = await client.read(keysSchema, '/api/v1/keys');
    const soon = keys.flatMap(({ name, expires_at: at, revoked_at: revoked }) => {
      if (at === null || revoked !== null) return [];
      const left = Date.parse(at) - now;
      if (left > EXPIRES_SOON_MS || left < 0) return [];
      return [
        warning(
          'keys',
          `${name} expires at ${at}`,
          `make another with schub keys create, then: schub keys revoke ${name}`,
        ),
      ];
    });
    return [indexFinding(index), ...foundOr(soon, ok('keys', `${String(keys.length)} known to the hub`))];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [
      problem('key of the command line', error.message, 'unset HUB_API_KEY, or set it to an admin key'),
    ];
  }
}

function indexFinding({ state, indexed, last }: z.output<typeof indexSchema>): Finding {
  if (state === 'down') return problem('search index', 'it is not kept up', 'schub reindex');
  const behind = Math.max(0, last - indexed);
  return ok('search index', state === 'ready' ? 'up to date' : `${String(behind)} positions behind`);
}
