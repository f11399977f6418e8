/**
 * Operators in a browser. A login comes from an admin's key, pasted or by a link that is good once, and ends with the text of
 * that key, after half a day without use, after a week in any case, or when its operator says so. Only hashes are stored.
 */
import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { HubError } from '../../errors.ts';
import type { CacheMeters } from '../../lib/cache-meter.ts';
import { createReadCache } from '../../lib/read-cache.ts';
import type { LoginRow, Store } from '../../store/port.ts';
import type { Auditor } from '../audit/auditor.ts';
import type { KeyService, VerifiedKey } from '../keys/service.ts';
import { hashKey } from '../keys/text.ts';
import { hashSecret, newSecret } from '../tokens/secret-text.ts';

/** A request to log in or out, for the audit log. */
export interface LoginVisit {
  readonly requestId: string;
  readonly action: string;
}

export interface VerifiedLogin {
  readonly key: VerifiedKey;
  /** When it ends if nothing ends it before, in milliseconds since the epoch. */
  readonly until: number;
}

export interface LoginLink {
  readonly code: string;
  readonly expiresAt: number;
}

export interface LoginService {
  /**
   * A code that logs a browser in, once, within ten minutes; undefined for the text of no key that is good now.
   * @throws HubError PERMISSION_DENIED for a key without admin.
   */
  link(keyText: string): Promise<LoginLink | undefined>;
  /** Whether a code would log in; uses nothing up. */
  isOpen(code: string): boolean;
  /** Logs in by a code; undefined if it is not good any more. Answers the text of the cookie. */
  byCode(code: string, visit: LoginVisit): Promise<string | undefined>;
  /**
   * Logs in by the text of a key; undefined if it is none. Answers the text of the cookie.
   * @throws HubError PERMISSION_DENIED for a key without admin.
   */
  byKey(keyText: string, visit: LoginVisit): Promise<string | undefined>;
  /** The login that a cookie is of, if it may be used now; and now it is. */
  verify(cookie: string): Promise<VerifiedLogin | undefined>;
  /** Ends a login. */
  end(cookie: string, visit: LoginVisit): Promise<void>;
  /** Told of the key whose login was ended. */
  onEnd(listener: (keyId: string) => void): void;
}

export interface LoginDeps {
  readonly store: Store;
  readonly keys: Pick<KeyService, 'verifyHash'>;
  readonly auditor: Auditor;
  readonly now: () => number;
  readonly caches: CacheMeters;
}

export const LINK_TTL_MS = 10 * 60 * 1000;
export const LOGIN_IDLE_MS = 12 * 60 * 60 * 1000;
export const LOGIN_MAX_MS = 7 * 24 * 60 * 60 * 1000;
/** How far the stored end of a login may lag behind its last use. */
const EXTEND_EVERY_MS = 60_000;
const COOKIE_PREFIX = 'scl_';
const CODE_PREFIX = 'scc_';
const OPEN_LINKS = 1000;
const CACHED_LOGINS = 1000;

/** What changes that a page of a login asks for must carry; told to that page alone. */
export function csrfTokenOf(cookie: string): string {
  return createHmac('sha256', cookie).update('csrf').digest('base64url');
}

export function createLoginService({ store, keys, auditor, now, caches }: LoginDeps): LoginService {
  /** Links by the hash of their codes: a restart of the hub ends them. */
  const links = new LRUCache<string, { readonly keyHash: string; readonly expiresAt: number }>({
    max: OPEN_LINKS,
  });
  const known = createReadCache<LoginRow>({ max: CACHED_LOGINS, name: 'logins', caches });
  const listeners: ((keyId: string) => void)[] = [];

  async function adminOf(keyHash: string): Promise<VerifiedKey | undefined> {
    const key = await keys.verifyHash(keyHash);
    if (key?.permissions.includes('admin') === false) throw adminsOnly(key.name);
    return key;
  }

  function linkOf(code: string) {
    const link = links.get(hashSecret(code));
    return link !== undefined && link.expiresAt > now() ? link : undefined;
  }

  const actorOf = ({ keyId, workspace }: VerifiedKey, { requestId }: LoginVisit) => ({
    ...{ agentId: null, keyId, workspace, requestId },
  });

  async function open(keyHash: string, by: 'key' | 'link', visit: LoginVisit): Promise<string | undefined> {
    const key = await adminOf(keyHash);
    if (key === undefined) return undefined;
    const cookie = newSecret(COOKIE_PREFIX);
    const createdAt = now();
    await store.write(async (tx) => {
      const hash = hashSecret(cookie);
      await tx.logins.insert({ hash, keyHash, createdAt, expiresAt: createdAt + LOGIN_IDLE_MS });
      const event = { action: visit.action, resource: 'dashboard', details: { by } };
      await auditor.write(tx, actorOf(key, visit), { type: 'auth.login', ...event });
    });
    return cookie;
  }

  /** Moves the end on. Bookkeeping: a full disk must not refuse a reader. */
  function slide(hash: string, row: LoginRow): void {
    const expiresAt = Math.min(now() + LOGIN_IDLE_MS, row.createdAt + LOGIN_MAX_MS);
    if (expiresAt - row.expiresAt < EXTEND_EVERY_MS) return;
    known.replace(hash, row, { ...row, expiresAt });
    store.write((tx) => tx.logins.extend(hash, expiresAt)).catch(() => undefined);
  }

  async function find(cookie: string) {
    if (!cookie.startsWith(COOKIE_PREFIX)) return undefined;
    const hash = hashSecret(cookie);
    const row = await known.get(hash, () => store.read.logins.byHash(hash));
    if (row === undefined || row.expiresAt <= now()) return undefined;
    const key = await keys.verifyHash(row.keyHash);
    return key && { hash, row, key };
  }

  return {
    async link(keyText) {
      const keyHash = hashKey(keyText);
      if ((await adminOf(keyHash)) === undefined) return undefined;
      const code = newSecret(CODE_PREFIX);
      const expiresAt = now() + LINK_TTL_MS;
      links.set(hashSecret(code), { keyHash, expiresAt });
      return { code, expiresAt };
    },

    isOpen: (code) => linkOf(code) !== undefined,

    async byCode(code, visit) {
      const link = linkOf(code);
      if (link === undefined) return undefined;
      links.delete(hashSecret(code));
      return open(link.keyHash, 'link', visit);
    },

    byKey: (keyText, visit) => open(hashKey(keyText), 'key', visit),

    async verify(cookie) {
      const found = await find(cookie);
      if (found === undefined) return undefined;
      const { hash, row, key } = found;
      slide(hash, row);
      return { key, until: Math.min(row.expiresAt, key.until ?? Infinity) };
    },

    async end(cookie, visit) {
      const found = await find(cookie);
      if (found === undefined) return;
      const { hash, key } = found;
      await store.write(async (tx) => {
        await tx.logins.remove(hash);
        const event = { action: visit.action, resource: 'dashboard' };
        await auditor.write(tx, actorOf(key, visit), { type: 'auth.logout', ...event });
      });
      known.clear();
      for (const listener of listeners) listener(key.keyId);
    },

    onEnd(listener) {
      listeners.push(listener);
    },
  };
}

function adminsOnly(name: string): HubError {
  return new HubError('PERMISSION_DENIED', `The dashboard is for operators; key ${name} is not one's.`, {
    context: { needed: 'admin' },
    suggestions: ['Use a key with the permission admin.'],
  });
}
