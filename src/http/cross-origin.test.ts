import { describe, expect, it } from 'vitest';
import { appWith } from '../../tests/http/harness.ts';
import { crossOrigin } from './cross-origin.ts';

const app = appWith(crossOrigin({ origins: ['https://app.example.com'] })).get('/', (c) => c.text('in'));
const preflight = {
  'Access-Control-Request-Method': 'POST',
  'Access-Control-Request-Headers': 'authorization',
};

describe('crossOrigin', () => {
  it('answers the preflight of a configured origin', async () => {
    const response = await app.request('/', {
      method: 'OPTIONS',
      headers: { Origin: 'https://app.example.com', ...preflight },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(response.headers.get('access-control-allow-headers')).toBe('authorization');
    expect(response.headers.get('access-control-allow-methods')).toContain('POST');
    expect(response.headers.has('access-control-allow-credentials')).toBe(false);
  });

  it('lets its pages read the answer and its ids', async () => {
    const { headers } = await app.request('/', { headers: { Origin: 'https://app.example.com' } });
    expect(headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(headers.get('access-control-expose-headers')).toContain('X-Request-Id');
    expect(headers.get('vary')).toContain('Origin');
  });

  it.each(['http://localhost:3000', 'https://evil.example', undefined])(
    'says nothing to %s',
    async (origin) => {
      const headers = { ...(origin === undefined ? {} : { Origin: origin }), ...preflight };
      for (const method of ['GET', 'OPTIONS']) {
        const response = await app.request('/', { method, headers });
        expect(response.status).toBe(method === 'GET' ? 200 : 404);
        expect(response.headers.has('access-control-allow-origin')).toBe(false);
      }
    },
  );
});
