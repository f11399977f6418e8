import { describe, expect, it } from 'vitest';
import { appWith } from '../../tests/http/harness.ts';
import { privateHeaders } from './private-headers.ts';

describe('privateHeaders', () => {
  it.each([
    ['a success', 200],
    ['an error', 500],
  ])('are on %s', async (_name, status) => {
    const app = appWith(privateHeaders({ https: false })).get('/', (c) => {
      if (status === 500) throw new Error('x');
      return c.text('ok');
    });
    const { headers, status: got } = await app.request('/');
    expect(got).toBe(status);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.has('strict-transport-security')).toBe(false);
  });

  it('demand https only where the hub has it', async () => {
    const app = appWith(privateHeaders({ https: true })).get('/', (c) => c.text('ok'));
    expect((await app.request('/')).headers.get('strict-transport-security')).toBe('max-age=15552000');
  });

  it.each([
    ['public, max-age=60', 'public, max-age=60'],
    ['no-cache', 'no-store'],
    ['no-cache, no-transform', 'no-store, no-transform'],
    ['private, max-age=60', 'no-store'],
  ])('turn Cache-Control: %s into %s', async (said, sent) => {
    const app = appWith(privateHeaders({ https: false })).get('/', (c) =>
      c.text('ok', 200, { 'Cache-Control': said }),
    );
    expect((await app.request('/')).headers.get('cache-control')).toBe(sent);
  });

  it('leave a page its own policy', async () => {
    const policy = "default-src 'self'";
    const app = appWith(privateHeaders({ https: false })).get('/', (c) =>
      c.text('ok', 200, { 'Content-Security-Policy': policy }),
    );
    expect((await app.request('/')).headers.get('content-security-policy')).toBe(policy);
  });
});
