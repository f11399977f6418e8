/** One key per client, made by the running hub, and the agent that it acts as. */
import { z } from 'zod';
import type { LoadedConfig } from '../../config/config.ts';
import { replaceFile } from '../../lib/private-file.ts';
import { rm } from 'node:fs/promises';
import { type HubClient, hubClient } from '../client.ts';
import { allKeys, toldSchema } from '../keys.ts';
import { CliError, EXIT } from '../output.ts';
import type { KnownKey, Ledger } from './ledger.ts';

export interface Keyring {
  /** Address of the hub. */
  readonly url: string;
  /** The client's key, if one is known that the hub takes. */
  known(client: string): KnownKey | undefined;
  /** The same, or one that is made now. @throws CliError */
  keyOf(client: string): Promise<KnownKey>;
  /** The id like `wanted` that the key may act as, taken for it at once. @throws CliError */
  claim(key: KnownKey, wanted: string, taken: readonly string[]): Promise<string>;
}

/** So many projects of one name have an agent of their own. */
const MOST = 50;

/** @throws CliError if the hub cannot be reached, or does not let the caller make keys. */
export async function openKeyring(client: HubClient, loaded: LoadedConfig, ledger: Ledger): Promise<Keyring> {
  const listed = await allKeys(client);
  const now = Date.now();
  const live = new Set(
    listed
      .filter(
        (key) => key.revoked_at === null && (key.expires_at === null || Date.parse(key.expires_at) > now),
      )
      .map((key) => key.key_id),
  );
  const known = (id: string): KnownKey | undefined =>
    ledger.keys.findLast((key) => key.client === id && live.has(key.key_id));

  async function make(id: string): Promise<KnownKey> {
    const names = new Set(listed.map(({ name }) => name));
    const name = numbered(id, names.size + 1).find((one) => !names.has(one)) ?? id;
    const { key, key_id } = await client.read(toldSchema, '/api/v1/keys', { json: { name } });
    const made = { client: id, key_id, name, key };
    live.add(key_id);
    const last = ledger.keys.findLast((one) => one.client === id);
    ledger.keys = [...ledger.keys, made];
    await ledger.save();
    if (last !== undefined) await inherit(last, made);
    return made;
  }

  /** The agents of a key that has ended go on under the next. */
  async function inherit(from: KnownKey, to: KnownKey): Promise<void> {
    const agents = ledger.files.flatMap(({ key_id, agent_id }) =>
      key_id === from.key_id ? (agent_id ?? []) : [],
    );
    for (const agent of new Set(agents)) {
      const path = `/api/v1/agents/${encodeURIComponent(agent)}/transfer`;
      // Another hub does not know it; a new id is found then.
      await client.send(path, { json: { key: to.key_id } }).catch(() => undefined);
    }
  }

  return {
    url: client.url,
    known,
    keyOf: async (id) => known(id) ?? (await make(id)),
    async claim(key, wanted, taken) {
      const asAgent = await hubClient({ ...loaded, client: { url: client.url, apiKey: key.key } });
      for (const id of numbered(wanted, MOST)) {
        if (!taken.includes(id) && (await mayActAs(asAgent, id, key.client))) return id;
      }
      throw new CliError(EXIT.failure, `All agent ids like ${wanted} belong to others.`);
    },
  };
}

/** An id that was used before may have another type, and keeps it. */
async function mayActAs(client: HubClient, agentId: string, type: string): Promise<boolean> {
  for (const more of [{ 'X-Agent-Type': type }, {}]) {
    try {
      await client.send('/api/v1/sessions', {
        query: { limit: 1 },
        headers: { 'X-Agent-Id': agentId, ...more },
      });
      return true;
    } catch (error) {
      if (!(error instanceof CliError) || error.answer?.code !== 'PERMISSION_DENIED') throw error;
    }
  }
  return false;
}

function numbered(name: string, most: number): readonly string[] {
  return Array.from({ length: most }, (_, n) => (n === 0 ? name : `${name}-${String(n + 1)}`));
}

export interface Swept {
  /** Keys that could not be ended, and why; they are tried again the next time. */
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/** Ends the keys that no file uses any more, and frees their agents: `agentsOf` has them by key. */
export async function sweepKeys(
  ledger: Ledger,
  hub: () => Promise<HubClient>,
  agentsOf: ReadonlyMap<string, readonly string[]>,
): Promise<Swept> {
  const used = new Set(ledger.files.map(({ key_id }) => key_id));
  const problems: string[] = [];
  const notes: string[] = [];
  for (const { key_id, name } of ledger.keys.filter((key) => !used.has(key.key_id))) {
    try {
      const client = await hub();
      await client.read(z.object({ revoked: z.literal(true) }), `/api/v1/keys/${key_id}`, {
        method: 'DELETE',
      });
      for (const agent of agentsOf.get(key_id) ?? []) {
        const path = `/api/v1/agents/${encodeURIComponent(agent)}/release`;
        await client.send(path, { json: {} }).catch(() => undefined);
      }
      notes.push(`Key ${name} is revoked.`);
    } catch (error) {
      if (!(error instanceof CliError) || error.exitCode !== EXIT.usage) {
        problems.push(
          `Key ${name} is still valid: ${error instanceof Error ? error.message : String(error)}`,
        );
        continue;
      }
      notes.push(`The hub does not know key ${name}; if it is another hub's, revoke it there.`);
    }
    ledger.keys = ledger.keys.filter((key) => key.key_id !== key_id);
  }
  return { problems, notes };
}

export async function writeVariables(file: string, values: ReadonlyMap<string, string>): Promise<void> {
  if (values.size === 0) {
    await rm(file, { force: true });
    return;
  }
  const lines = [...values].map(([name, value]) => `export ${name}='${value}'\n`);
  await replaceFile(file, lines.join(''));
}
