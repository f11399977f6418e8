/** The texts of API keys. The store has only their hashes. */
import { createHash, randomBytes } from 'node:crypto';

const PREFIX = 'schk_';
const RANDOM_BYTES = 32;

export function newKeyText(): string {
  return `${PREFIX}${randomBytes(RANDOM_BYTES).toString('base64url')}`;
}

/** SHA-256 suffices: the texts are random, nothing can be guessed from a hash. */
export function hashKey(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
