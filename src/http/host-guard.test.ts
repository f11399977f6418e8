import { describe, expect, it } from 'vitest';
import { appWith, json } from '../../tests/http/harness.ts';
import { hostGuard } from './host-guard.ts';
import { hostRule } from './host-rules.ts';

const plain = { host: '127.0.0.1', publicUrl: null, allowedHosts: [] };

function app(http: Parameters<typeof hostRule>[0] = plain) {
  return appWith(hostGuard({ isOurs: hostRule(http) })).all('*', (c) => c.text('in'));
}

async function status(
  host: string | null,
  http?: Parameters<typeof hostRule>[0],
  url = '/',
): Promise<number> {
  return (await app(http).request(url, host === null ? {} : { headers: { Host: host } })).status;
}

describe('hostGuard', () => {
  it.each(['127.0.0.1', '127.0.0.1:1', 'localhost', 'LocalHost:23456', '[::1]', '[::1]:65535'])(
    'lets in the loopback name %s',
    async (host) => {
      expect(await status(host)).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'evil.example:23456',
    'localhost.evil.example',
    'evil.example@localhost',
    'localhost@evil.example',
    'localhost, evil.example',
    'localhost:80:80',
    'localhost:99999',
    'localhost:x',
    'localhost.',
    'http://localhost',
    '127.0.0.2',
    '127.1',
    '0.0.0.0',
    '::1',
    '[::2]',
    '[::1',
    'local host',
    '',
    ' ',
    'a'.repeat(10_000),
  ])('refuses %j', async (host) => {
    expect(await status(host)).toBe(403);
  });

  it('refuses a request without one', async () => {
    const response = await app().request('/');
    expect(response.status).toBe(403);
    expect(await json(response)).toMatchObject({
      success: false,
      code: 'PERMISSION_DENIED',
      number: 'AUTH_004',
      error: 'The request has no Host header.',
    });
  });

  it('refuses a target that names another host than the header', async () => {
    expect(await status('localhost', plain, 'http://evil.example/')).toBe(403);
    expect(await status('evil.example', plain, 'http://localhost/')).toBe(403);
    expect(await status('127.0.0.1:5', plain, 'http://127.0.0.1:5/')).toBe(200);
  });

  it.each<[string, Parameters<typeof hostRule>[0], string, number]>([
    ['the public name', { ...plain, publicUrl: 'https://hub.example.com' }, 'HUB.example.com', 200],
    ['it with any port', { ...plain, publicUrl: 'https://hub.example.com/x' }, 'hub.example.com:8443', 200],
    ['nothing like it', { ...plain, publicUrl: 'https://hub.example.com' }, 'xhub.example.com', 403],
    ['the address it listens on', { ...plain, host: '192.168.1.5' }, '192.168.1.5:23456', 200],
    ['an IPv6 address it listens on', { ...plain, host: 'fd00::5' }, '[fd00::5]:23456', 200],
    ['not the wildcard', { ...plain, host: '0.0.0.0' }, '0.0.0.0:23456', 403],
    ['not the IPv6 wildcard', { ...plain, host: '::' }, '[::]:23456', 403],
    ['an allowed name', { ...plain, allowedHosts: ['a.example'] }, 'A.example:9', 200],
    ['an allowed name with its port', { ...plain, allowedHosts: ['a.example:9'] }, 'a.example:9', 200],
    ['but no other port', { ...plain, allowedHosts: ['a.example:9'] }, 'a.example:8', 403],
    ['nor none', { ...plain, allowedHosts: ['a.example:9'] }, 'a.example', 403],
  ])('knows %s', async (_name, http, host, expected) => {
    expect(await status(host, http)).toBe(expected);
  });

  it('shows no more than the beginning of what it refuses', async () => {
    const response = await app().request('/', { headers: { Host: 'x'.repeat(10_000) } });
    expect((await response.text()).length).toBeLessThan(1_000);
  });
});
