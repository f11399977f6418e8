/** TLS in the hub: which certificates it takes, how it takes new ones, and that nobody is stopped by those who never speak. */
import { once } from 'node:events';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Listener, ListenOptions } from '../../src/http/server.ts';
import { listen } from '../../src/http/server.ts';
import { trustCertificate } from '../../src/lib/trust-certificate.ts';
import { writeCertificate, type NewCertificate } from '../_util/certificates.ts';
import { connectClient } from '../_util/connect-client.ts';
import { ERAS } from '../_util/scenario-doors.ts';
import { AGENT_KEY, startTestHub, temporaryFolder } from '../_util/test-hub.ts';
import { collectLog } from './harness.ts';

let folder: string;
const open: Listener[] = [];
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close(0);
  rmSync(folder, { recursive: true });
});

const app = { fetch: () => new Response('served') };

async function start(made: NewCertificate | undefined, options: Partial<ListenOptions> = {}) {
  const files = await writeCertificate(folder, made);
  const { log, text } = collectLog();
  const listener = await listen(app, { host: '127.0.0.1', port: 0, log, tls: files, ...options });
  open.push(listener);
  return { ...listener, files, text };
}

/** The serial number of the certificate that a new connection is shown. */
async function shown(port: number): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

describe('a hub with a certificate', () => {
  it.each(ERAS)('serves clients of era %s', async (era) => {
    await using hub = await startTestHub();
    const files = await writeCertificate(folder);
    trustCertificate(files.certFile);
    const listener = await listen(hub.hub.app, {
      ...{ host: '127.0.0.1', port: 0, log: collectLog().log, tls: files },
    });
    open.push(listener);
    expect(listener.url).toBe(`https://127.0.0.1:${listener.port}`);
    const client = await connectClient(listener.url, era, { key: AGENT_KEY });
    expect((await client.callTool('create_session', { purpose: 'over TLS' })).json['success']).toBe(true);
    await client.close();
  });

  it('answers nobody who speaks HTTP in the clear', async () => {
    const { port } = await start(undefined);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });

  it('takes a renewed one without a restart, and keeps the old one while the files do not fit together', async () => {
    const { port, files, text } = await start(undefined, { certificateEveryMs: 20 });
    const first = await shown(port);
    writeFileSync(files.certFile, 'half written');
    await expect.poll(text).toContain('was not read again');
    expect(await shown(port)).toBe(first);
    await writeCertificate(folder);
    await expect.poll(() => shown(port)).not.toBe(first);
  });

  it('stops although somebody never begins to speak TLS', async () => {
    const { port, close } = await start(undefined);
    const silent = net.connect(port, '127.0.0.1');
    await once(silent, 'connect');
    // Its connection has been taken once a later one is served.
    await shown(port);
    const gone = once(silent, 'close');
    await close(10);
    await gone;
  });
});

describe('the address it tells', () => {
  it.each([
    [['127.0.0.1'], null, /^https:\/\/127\.0\.0\.1:\d+$/],
    [['localhost'], null, /^https:\/\/localhost:\d+$/],
    [['*.example.com'], 'https://hub.example.com/shared', /^https:\/\/hub\.example\.com\/shared$/],
  ])('has a name that the certificate is for: %s', async (hosts, publicUrl, expected) => {
    const { url, text } = await start({ hosts }, { publicUrl });
    expect(url).toMatch(expected);
    expect(text()).toBe('');
  });

  it('comes with a warning where there is none', async () => {
    const { url, text } = await start({ hosts: ['other.example.com'] });
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:/);
    expect(text()).toMatch(/other\.example\.com.*set PUBLIC_URL/);
  });
});

describe('files that cannot be used', () => {
  it.each<[string, (folder: string) => unknown, RegExp]>([
    [
      'no certificate',
      (at) => rmSync(path.join(at, 'hub.crt')),
      /hub\.crt \(TLS_CERT_FILE\) cannot be read: /,
    ],
    ['no key', (at) => rmSync(path.join(at, 'hub.key')), /hub\.key \(TLS_KEY_FILE\) cannot be read: /],
    [
      'no PEM in the certificate',
      (at) => writeFileSync(path.join(at, 'hub.crt'), 'nonsense'),
      /hub\.crt \(TLS_CERT_FILE\) holds no certificate in PEM form\.$/,
    ],
    [
      'no PEM in the key',
      (at) => writeFileSync(path.join(at, 'hub.key'), 'nonsense'),
      /hub\.key \(TLS_KEY_FILE\) holds no private key in PEM form without a passphrase\.$/,
    ],
    [
      'the key of another one',
      replaceKey,
      /hub\.key \(TLS_KEY_FILE\) does not belong to the first certificate in /,
    ],
  ])('are refused with the reason: %s', async (_what, spoil, reason) => {
    const files = await writeCertificate(folder);
    await spoil(folder);
    const listening = listen(app, { host: '127.0.0.1', port: 0, log: collectLog().log, tls: files });
    await expect(listening).rejects.toThrow(reason);
  });
});

async function replaceKey(at: string): Promise<void> {
  const other = temporaryFolder();
  const { keyFile } = await writeCertificate(other);
  copyFileSync(keyFile, path.join(at, 'hub.key'));
  rmSync(other, { recursive: true });
}
