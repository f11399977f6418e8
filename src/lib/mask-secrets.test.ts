import { expect, it } from 'vitest';
import { maskSecrets } from './mask-secrets.ts';

it.each([
  ['schk_0123456789abcdef', 'schk_…'],
  ['a key schk_0123456789-_abcdef, a handle sct_0123456789', 'a key schk_…, a handle sct_…'],
  ['Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl', 'Bearer eyJ…'],
  ['eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.', 'eyJ…'],
  ['session_0123456789abcdef', 'session_0123456789abcdef'],
  ['schk_ is the prefix of keys', 'schk_ is the prefix of keys'],
  ['', ''],
])('of %j leaves %j', (text, masked) => {
  expect(maskSecrets(text)).toBe(masked);
});
