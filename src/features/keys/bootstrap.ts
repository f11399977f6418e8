/** The keys that come from the settings. */
import { PERMISSIONS } from '../../context.ts';
import { StartError } from '../../errors.ts';
import type { KeyRow, Store } from '../../store/port.ts';
import { DEFAULT_WORKSPACE } from '../sessions/service.ts';
import { hashKey } from './text.ts';

/** They are rows like any other, found by their names. */
export interface BootstrapKeys {
  readonly agent: string;
  readonly admin: string;
}

/** The setting that a key's text comes from, by key id. */
export const SETTING_OF: ReadonlyMap<string, string> = new Map([
  ['key_agent', 'API_KEY'],
  ['key_admin', 'ADMIN_API_KEY'],
]);

/**
 * Makes the keys of the settings true: a changed one replaces the old under the same id, so its agents stay its own, and
 * is good again if the old one was revoked. The admin's key is of workspace `default` like the agents'.
 * @throws StartError if a setting holds the text of another key.
 */
export async function ensureBootstrapKeys(store: Store, keys: BootstrapKeys, now: number): Promise<void> {
  const wanted = [
    { name: 'agent', setting: 'API_KEY', hash: hashKey(keys.agent), permissions: ['read', 'write'] },
    { name: 'admin', setting: 'ADMIN_API_KEY', hash: hashKey(keys.admin), permissions: [...PERMISSIONS] },
  ];
  await store.write(async (tx) => {
    await tx.workspaces.ensure(DEFAULT_WORKSPACE, now);
    const changed: { readonly key: (typeof wanted)[number]; readonly old: KeyRow | undefined }[] = [];
    for (const key of wanted) {
      const holder = (await tx.keys.byHash(key.hash)) ?? (await tx.keys.byOldHash(key.hash));
      if (holder?.name === key.name) continue;
      if (holder !== undefined && !wanted.some(({ name }) => name === holder.name)) {
        throw new StartError(
          `${key.setting} is the text of the key ${holder.name} already; set another one.`,
        );
      }
      changed.push({ key, old: await tx.keys.byName(key.name) });
    }
    // Two steps, for the case that the two were exchanged: a hash is unique.
    for (const { old } of changed) if (old) await tx.keys.renew(old.keyId, `replaced ${old.keyId}`);
    for (const { key, old } of changed) {
      const { name, hash, permissions } = key;
      if (old) await tx.keys.renew(old.keyId, hash);
      else {
        await tx.keys.insert({
          ...{ keyId: `key_${name}`, name, workspace: DEFAULT_WORKSPACE, permissions, hash, createdAt: now },
          ...{ agentId: null, agentTypes: null, agentIds: null, oldUntil: null },
          ...{ expiresAt: null, lastUsedAt: null, revokedAt: null },
        });
      }
    }
  });
}
