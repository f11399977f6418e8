/** Texts that prove something: random, told once, stored as their hash. */
import { createHash, randomBytes } from 'node:crypto';

export const HANDLE_PREFIX = 'sct_';
export const REFRESH_PREFIX = 'srt_';

/** How long a token that was replaced is still good, so that a lost answer locks nobody out. */
export const GRACE_MS = 60_000;

export function newSecret(prefix: string): string {
  return prefix + randomBytes(32).toString('base64url');
}

export function hashSecret(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
