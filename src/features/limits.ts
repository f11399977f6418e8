/** Sizes and quotas of what may be stored, and the checks they share. */
import type { Config } from '../config/config.ts';
import { HubError, invalid } from '../errors.ts';

/** Lengths are UTF-16 units, sizes are bytes of JSON. */
export type Limits = Config['limits'];

/** The size of a value as JSON text in UTF-8 bytes. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** @throws HubError CONTENT_TOO_LARGE */
export function demandMetadataFits(metadata: object, limits: Limits): void {
  const size = jsonBytes(metadata);
  if (size <= limits.maxMetadataBytes) return;
  throw tooLarge('metadata', size, `at most ${limits.maxMetadataBytes} bytes of JSON`);
}

export function tooLarge(field: string, size: number, expected: string): HubError {
  return invalid(field, `size ${size}`, expected, {
    code: 'CONTENT_TOO_LARGE',
    message: `${field} has size ${size}; expected ${expected}.`,
    suggestions: [`Shorten ${field}, or split it over several calls.`],
  });
}

export function quotaExceeded(what: string, limit: number, suggestion: string): HubError {
  return new HubError('QUOTA_EXCEEDED', `${what} would exceed the limit of ${limit}.`, {
    context: { limit },
    suggestions: [suggestion],
  });
}
