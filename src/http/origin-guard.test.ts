import { describe, expect, it } from 'vitest';
import { appWith, json } from '../../tests/http/harness.ts';
import { hostRule } from './host-rules.ts';
import { originGuard } from './origin-guard.ts';

const isOurs = hostRule({
  host: '127.0.0.1',
  publicUrl: 'https://hub.example.com',
  allowedHosts: ['other.example:8080'],
});
const app = appWith(originGuard({ isOurs, corsOrigins: ['https://app.example.com'] })).all('*', (c) =>
  c.text('in'),
);

describe('originGuard', () => {
  it('lets in a client that is no browser', async () => {
    expect((await app.request('/')).status).toBe(200);
  });

  it.each([
    'http://localhost:6274',
    'http://127.0.0.1',
    'http://[::1]:1',
    'https://hub.example.com',
    'https://HUB.example.com:8443',
    'http://other.example:8080',
    'https://app.example.com',
    'HTTPS://app.example.com',
  ])('lets in %s', async (origin) => {
    expect((await app.request('/', { headers: { Origin: origin } })).status).toBe(200);
  });

  it.each([
    'null',
    '',
    'https://evil.example',
    'http://app.example.com',
    'https://app.example.com:444',
    'https://app.example.com.evil.example',
    'http://localhost.evil.example',
    'http://localhost@evil.example',
    'http://evil.example/localhost',
    'http://other.example',
    'file://',
    'file://localhost',
    'ftp://localhost',
    'chrome-extension://localhost',
    'localhost',
    '//localhost',
    'http://localhost http://evil.example',
  ])('refuses %j', async (origin) => {
    const response = await app.request('/', { method: 'POST', headers: { Origin: origin } });
    expect(response.status).toBe(403);
    expect(await json(response)).toMatchObject({
      success: false,
      code: 'PERMISSION_DENIED',
      number: 'AUTH_004',
    });
  });
});
