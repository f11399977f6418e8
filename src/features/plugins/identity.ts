/** Whom a plugin acts as: an agent of its own, under a key that nobody holds. */
import { randomBytes } from 'node:crypto';
import { PERMISSIONS, type Permission, type Principal } from '../../context.ts';
import { StartError } from '../../errors.ts';
import type { Store } from '../../store/port.ts';
import type { AgentService } from '../agents/service.ts';
import { hashKey } from '../keys/text.ts';

export interface PluginIdentity {
  readonly name: string;
  readonly version: string;
  readonly workspace: string;
  readonly permissions: ReadonlySet<Permission>;
}

export interface PluginIdentities {
  /**
   * The principal of a plugin: agent `<name>@plugins` of type `plugin`, under the key `plugin-<name>`. The key is what the
   * configuration says, also where it was revoked before.
   * @throws StartError where another key has that name; HubError PERMISSION_DENIED where the agent is another key's.
   */
  enter(identity: PluginIdentity): Promise<Principal>;
}

export interface IdentityDeps {
  readonly store: Store;
  readonly agents: Pick<AgentService, 'identify'>;
  readonly now: () => number;
}

export function createPluginIdentities({ store, agents, now }: IdentityDeps): PluginIdentities {
  return {
    async enter({ name, version, workspace, permissions }) {
      const keyId = `key_plugin_${name}`;
      const keyName = `plugin-${name}`;
      const at = now();
      const bounds = { workspace, permissions: PERMISSIONS.filter((one) => permissions.has(one)) };
      // The hash of a text that is thrown away: no request can carry this key.
      const hash = hashKey(randomBytes(32).toString('base64url'));
      await store.write(async (tx) => {
        await tx.workspaces.ensure(workspace, at);
        const there = await tx.keys.byName(keyName);
        if (there !== undefined && there.keyId !== keyId)
          throw new StartError(
            `There is a key named ${keyName}, so the plugin ${name} cannot have one of that name; rename the plugin.`,
          );
        if (there !== undefined) return tx.keys.renew(keyId, hash, bounds);
        return tx.keys.insert({
          ...{ keyId, name: keyName, ...bounds, hash, createdAt: at },
          ...{ agentId: null, agentTypes: null, agentIds: null, oldUntil: null },
          ...{ expiresAt: null, lastUsedAt: null, revokedAt: null },
        });
      });
      const agentId = `${name}@plugins`;
      return agents.identify({
        ...{ keyId, keyName, workspace, permissions },
        ...{ wantedId: agentId, wantedType: 'plugin', fixedAgentId: agentId },
        ...{ allowedIds: null, allowedTypes: null, client: name, clientVersion: version },
      });
    },
  };
}
