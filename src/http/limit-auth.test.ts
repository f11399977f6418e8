import { expect, it } from 'vitest';
import { appWith, GOOD_KEY, json, testAuth } from '../../tests/http/harness.ts';
import { createRateService } from '../features/rates/service.ts';
import { limitAuth } from './limit-auth.ts';
import { requireCredential } from './require-credential.ts';

const rest = { messagesPerMinute: 1, readsPerMinute: 1, searchPerMinute: 1, memoryPerMinute: 1 };
const rates = createRateService({ enabled: true, authPerMinute: 2, ...rest, totalPerMinute: 1 });

it('lets so many through under one key', async () => {
  const app = appWith(
    requireCredential({ auth: testAuth(), addressOf: () => 'unknown' }),
    limitAuth({ rates }),
  );
  app.post('/', (c) => c.text('issued'));
  const ask = () => app.request('/', { method: 'POST', headers: { authorization: `Bearer ${GOOD_KEY}` } });
  for (let n = 0; n < 2; n++) expect((await ask()).status).toBe(200);
  const refused = await ask();
  expect(refused.status).toBe(429);
  expect(await json(refused)).toMatchObject({ code: 'RATE_LIMITED', context: { kind: 'auth' } });
});

it('fails where no credential was verified before', async () => {
  const app = appWith(limitAuth({ rates }));
  app.post('/', (c) => c.text('issued'));
  expect((await app.request('/', { method: 'POST' })).status).toBe(500);
});
