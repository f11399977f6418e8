import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mutate, MUTATIONS } from '../_util/mutations.ts';

const ROOT = join(import.meta.dirname, '..', '..');

it.each(MUTATIONS)('can still be planted: $what', (mutation) => {
  const source = readFileSync(join(ROOT, mutation.file), 'utf8');
  expect(mutate(source, mutation)).not.toBe(source);
  expect(existsSync(join(ROOT, mutation.test))).toBe(true);
  expect(() => mutate('', mutation)).toThrow(mutation.what);
});
