/** The command line and a hub that does TLS with a certificate of its own: each command finds it, and believes it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { trustCertificate } from '../../src/lib/trust-certificate.ts';
import { writeCertificate, type CertificateFiles } from '../_util/certificates.ts';
import { connectClient } from '../_util/connect-client.ts';
import { temporaryFolder } from '../_util/test-hub.ts';
import { MAIN, runSchub, type Schub } from '../http/run-schub.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const share = temporaryFolder();
const settings = ({ certFile, keyFile }: CertificateFiles) => ({
  TLS_CERT_FILE: certFile,
  TLS_KEY_FILE: keyFile,
});
let env: ReturnType<typeof settings>;
let hub: Schub;
let url: string;

beforeAll(async () => {
  env = settings(await writeCertificate(share));
  hub = runSchub({ args: ['serve'], share, env });
  url = await hub.ready;
}, 60_000);
afterAll(async () => {
  hub.child.kill('SIGTERM');
  expect(await hub.ended).toBe(0);
  rmSync(share, { recursive: true });
});

const secrets = (): Record<'API_KEY' | 'ADMIN_API_KEY', string> =>
  JSON.parse(readFileSync(path.join(share, 'shared-context-hub', 'secrets.json'), 'utf8'));

async function schub(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const run = runSchub({ args: [...args, '--json'], share, env: { ...env, ...more } });
  const code = await run.ended;
  return { code, said: run.stdout(), complained: run.stderr() };
}

interface Finding {
  readonly check: string;
  readonly state: string;
  readonly detail: string;
}
const findings = async (more: Readonly<Record<string, string>> = {}): Promise<readonly Finding[]> =>
  (JSON.parse((await schub(['doctor'], more)).said) as { findings: Finding[] }).findings;

it('says an address of https', () => {
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
});

it('is found by status, which needs no other word', async () => {
  const { code, said } = await schub(['status']);
  expect(code).toBe(0);
  expect(JSON.parse(said)).toMatchObject({ url, status: 'ready', search_index: expect.any(String) });
});

it('is looked into by doctor, the certificate included', async () => {
  const found = await findings();
  expect(found.filter(({ state }) => state !== 'ok')).toEqual([]);
  expect(found).toContainEqual(
    expect.objectContaining({ check: 'certificate', detail: expect.stringContaining('good until') }),
  );
  expect(found).toContainEqual(
    expect.objectContaining({ check: 'hub', detail: expect.stringContaining(url) }),
  );
});

it.each([
  ['ends soon', { notAfter: new Date(Date.now() + 3 * DAY_MS) }, {}, 'warning', /^it ends at /],
  ['has ended', { notAfter: new Date(Date.now() - 1_000) }, {}, 'problem', /^it has ended at /],
  [
    'is for another name',
    {},
    { PUBLIC_URL: 'https://hub.example.com' },
    'problem',
    /not for hub\.example\.com/,
  ],
  ['is not there', {}, { TLS_CERT_FILE: '/nowhere/hub.crt' }, 'problem', /TLS_CERT_FILE\) cannot be read/],
])('doctor says of a certificate that it %s', async (_what, made, more, state, detail) => {
  const folder = temporaryFolder();
  const found = await findings({ ...settings(await writeCertificate(folder, made)), ...more });
  expect(found.find(({ check }) => check === 'certificate')).toMatchObject({
    state,
    detail: expect.stringMatching(detail),
  });
  rmSync(folder, { recursive: true });
});

it('connects clients by that address', async () => {
  const { code, complained } = await schub(['connect', 'claude-code'], { USER: 'ann' });
  expect([code, complained]).toEqual([0, '']);
  const written = JSON.parse(readFileSync(path.join(share, '.claude.json'), 'utf8'));
  expect(written.mcpServers.hub.url).toBe(`${url}/mcp`);
});

it("tells the hook of the client's next session", async () => {
  trustCertificate(env.TLS_CERT_FILE);
  const bob = await connectClient(url, '2026', { key: secrets().API_KEY, headers: { 'x-agent-id': 'bob' } });
  await bob.callTool('create_session', { purpose: 'to be told', first_message: 'over TLS' });
  await bob.close();
  const child = spawn(process.execPath, [MAIN, 'hook', 'claude', '--within', '20000'], {
    cwd: share,
    env: { PATH: process.env['PATH'], HOME: share, XDG_DATA_HOME: share },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(
    JSON.stringify({ session_id: 's', cwd: share, hook_event_name: 'SessionStart', source: 'startup' }),
  );
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(JSON.parse(said)).toMatchObject({
    hookSpecificOutput: { additionalContext: expect.stringContaining('to be told') },
  });
});

it('lets its operator into the dashboard, with a cookie that never leaves TLS', async () => {
  trustCertificate(env.TLS_CERT_FILE);
  const login = await fetch(`${url}/ui/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url },
    body: new URLSearchParams({ key: secrets().ADMIN_API_KEY }),
  });
  const cookie = login.headers.get('set-cookie') ?? '';
  expect([login.status, cookie]).toEqual([303, expect.stringContaining('; Secure')]);
  const headers = { cookie: cookie.split(';')[0] ?? '' };
  expect((await fetch(`${url}/ui/sessions`, { redirect: 'manual', headers })).status).toBe(200);
});

it('believes nobody else, and says what is missing', async () => {
  const other = temporaryFolder();
  const run = runSchub({
    args: ['sessions', 'list'],
    share: other,
    env: { HUB_URL: url, HUB_API_KEY: 'schk_of-nobody-0123456789abcdef' },
  });
  expect(await run.ended).not.toBe(0);
  expect(run.stderr()).toContain('its certificate is self-signed, and NODE_EXTRA_CA_CERTS does not name it');
  rmSync(other, { recursive: true });
});

it('does not start with one file alone', async () => {
  const run = runSchub({
    args: ['serve'],
    share: temporaryFolder(),
    env: { TLS_CERT_FILE: env.TLS_CERT_FILE },
  });
  expect(await run.ended).toBe(1);
  expect(run.stderr()).toContain('TLS_CERT_FILE is set and TLS_KEY_FILE is not; TLS needs both.');
});
