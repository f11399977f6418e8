/** The hub behind the proxies of `deploy/proxy`, with their own programs: both eras, events as they happen, and its name. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listen, type Listener } from '../../src/http/server.ts';
import { trustCertificate } from '../../src/lib/trust-certificate.ts';
import { writeCertificate, type CertificateFiles } from '../_util/certificates.ts';
import { connectClient } from '../_util/connect-client.ts';
import { EventSourceReader } from '../_util/event-source.ts';
import { ERAS } from '../_util/scenario-doors.ts';
import { AGENT_KEY, startTestHub, temporaryFolder, type TestHub } from '../_util/test-hub.ts';
import { collectLog } from '../http/harness.ts';

const FILES = path.join(import.meta.dirname, '..', '..', 'deploy', 'proxy');
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin`;

interface Place {
  readonly folder: string;
  readonly files: CertificateFiles;
  /** Where the proxy listens, and where the hub. */
  readonly port: number;
  readonly hub: number;
}

interface Proxy {
  readonly name: string;
  /** Writes what it is to read, and answers how it is started. */
  readonly prepare: (place: Place, file: string) => readonly string[];
  readonly file: string;
}

const PROXIES: readonly Proxy[] = [
  {
    name: 'nginx',
    file: 'nginx.conf',
    prepare({ folder, files, port, hub }, text) {
      const site = text
        .replace('127.0.0.1:23456', `127.0.0.1:${hub}`)
        .replace('listen 443', `listen 127.0.0.1:${port}`)
        .replace('/etc/letsencrypt/live/hub.example.com/fullchain.pem', files.certFile)
        .replace('/etc/letsencrypt/live/hub.example.com/privkey.pem', files.keyFile);
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (one) => `${one}_temp_path ${folder}/${one};`,
      );
      const config = path.join(folder, 'nginx.conf');
      writeFileSync(
        config,
        `daemon off; master_process off; pid ${folder}/pid; error_log stderr;
         events {} http { access_log off; ${temporary.join(' ')} ${site} }`,
      );
      return ['-p', folder, '-c', config];
    },
  },
  {
    name: 'caddy',
    file: 'Caddyfile',
    prepare({ folder, files, port, hub }, text) {
      const config = path.join(folder, 'Caddyfile');
      const site = text
        .replace('127.0.0.1:23456', `127.0.0.1:${hub}`)
        .replace('hub.example.com {', `localhost:${port} {\n\ttls ${files.certFile} ${files.keyFile}`);
      writeFileSync(config, `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`);
      return ['run', '--adapter', 'caddyfile', '--config', config];
    },
  },
];

let folder: string;
let hub: TestHub;
let listener: Listener;
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  if (child?.exitCode === null) {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  await listener.close(0);
  await hub[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Starts a hub with a proxy before it; answers the address of the proxy. */
async function start({ name, file, prepare }: Proxy): Promise<string> {
  const port = await freePort();
  const url = `https://localhost:${port}`;
  hub = await startTestHub({ env: { PUBLIC_URL: url, TRUST_PROXY: '127.0.0.1' } });
  listener = await listen(hub.hub.app, { host: '127.0.0.1', port: 0, log: collectLog().log });
  const files = await writeCertificate(folder);
  trustCertificate(files.certFile);
  const args = prepare(
    { folder, files, port, hub: listener.port },
    readFileSync(path.join(FILES, file), 'utf8'),
  );
  child = spawn(name, args, { env: { PATH, HOME: folder }, stdio: 'ignore' });
  await vi.waitFor(async () => expect((await fetch(`${url}/health`)).status).toBe(200), { timeout: 20_000 });
  return url;
}

describe.each(PROXIES)('behind $name', (proxy) => {
  const isThere = spawnSync(proxy.name, ['-v'], { env: { PATH }, stdio: 'ignore' }).error === undefined;

  it.skipIf(!isThere)('agents work, and hear of things as they happen', async () => {
    const url = await start(proxy);
    const headers = { authorization: `Bearer ${AGENT_KEY}`, 'x-agent-id': 'watcher' };
    const events = new EventSourceReader(await fetch(`${url}/events`, { headers }));
    for (const era of ERAS) {
      const client = await connectClient(url, era, { key: AGENT_KEY, headers: { 'x-agent-id': `a-${era}` } });
      const made = await client.callTool('create_session', { purpose: 'behind a proxy', first_message: era });
      expect(made.json['success']).toBe(true);
      // They come although the stream goes on: nothing is held back.
      const kinds = (await events.take(2)).map(({ event }) => event);
      expect(kinds.sort()).toEqual(['message.added', 'session.created']);
      await client.close();
    }
    const page = await fetch(`${url}/ui/login`, { redirect: 'manual' });
    expect(page.headers.get('strict-transport-security')).toContain('max-age=');
    await events.close();
  });
});
