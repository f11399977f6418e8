/** `schub keys create|list|rotate|revoke`. */
import { z } from 'zod';
import type { HubClient } from './client.ts';
import { secondsOf } from './duration.ts';
import { EXIT, type Output } from './output.ts';

export const keySchema = z.object({
  key_id: z.string(),
  name: z.string(),
  workspace: z.string(),
  permissions: z.array(z.string()),
  agent_id: z.string().nullable(),
  agent_ids: z.array(z.string()).nullable(),
  agent_types: z.array(z.string()).nullable(),
  created_at: z.string(),
  expires_at: z.string().nullable(),
  last_used_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
  old_key_until: z.string().nullable(),
});
export const toldSchema = keySchema.extend({ key: z.string() });
const listSchema = z.object({ keys: z.array(keySchema), next_cursor: z.string().optional() });

export interface KeysDeps {
  readonly client: HubClient;
  readonly output: Output;
}

export interface NewKeyOptions {
  readonly workspace?: string;
  /** Separated by commas. */
  readonly permissions?: string;
  readonly agent?: string;
  /** Separated by commas. */
  readonly types?: string;
  /** Separated by commas. */
  readonly agents?: string;
  /** As `90d`, `12h`, `30m`. */
  readonly expires?: string;
}

export async function createKey(
  { client, output }: KeysDeps,
  name: string,
  options: NewKeyOptions,
): Promise<number> {
  const made = await client.read(toldSchema, '/api/v1/keys', {
    json: {
      name,
      workspace: options.workspace,
      permissions: listOf(options.permissions),
      agent_id: options.agent,
      agent_ids: listOf(options.agents),
      agent_types: listOf(options.types),
      expires_in: options.expires === undefined ? undefined : secondsOf('--expires', options.expires),
    },
  });
  if (output.json) output.document(made);
  else {
    output.note(
      `Key ${made.name} of workspace ${made.workspace} may ${made.permissions.join(', ')}. It is shown only now:`,
    );
    output.line(made.key);
  }
  return EXIT.ok;
}

/** All keys that the caller looks after, without their texts. */
export async function allKeys(client: HubClient): Promise<z.infer<typeof keySchema>[]> {
  const keys: z.infer<typeof keySchema>[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.read(listSchema, '/api/v1/keys', { query: { cursor } });
    keys.push(...page.keys);
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return keys;
}

export async function listKeys({ client, output }: KeysDeps): Promise<number> {
  const keys = await allKeys(client);
  output.list({
    name: 'keys',
    items: keys,
    headers: ['KEY ID', 'NAME', 'WORKSPACE', 'PERMISSIONS', 'AGENT', 'EXPIRES', 'LAST USED'],
    row: (key) => [
      key.key_id,
      key.name,
      key.workspace,
      key.permissions.join(','),
      key.agent_id ?? key.agent_ids?.join(',') ?? '-',
      key.revoked_at === null ? (key.expires_at ?? 'never') : 'revoked',
      key.last_used_at ?? 'never',
    ],
  });
  return EXIT.ok;
}

/** Prints another text of a key; `overlap` is how long the last one stays good, as `24h`. */
export async function rotateKey(
  { client, output }: KeysDeps,
  key: string,
  overlap: string | undefined,
): Promise<number> {
  const rotated = await client.read(toldSchema, `/api/v1/keys/${encodeURIComponent(key)}/rotate`, {
    json: { overlap: overlap === undefined ? undefined : secondsOf('--overlap', overlap) },
  });
  if (output.json) output.document(rotated);
  else {
    const old = rotated.old_key_until === null ? 'no longer valid' : `valid until ${rotated.old_key_until}`;
    output.note(`Key ${rotated.name} has a new text; the old one is ${old}. The new one is shown only now:`);
    output.line(rotated.key);
  }
  return EXIT.ok;
}

export async function revokeKey({ client, output }: KeysDeps, key: string): Promise<number> {
  const answer = await client.read(
    z.object({ revoked: z.literal(true) }),
    `/api/v1/keys/${encodeURIComponent(key)}`,
    {
      method: 'DELETE',
    },
  );
  if (output.json) output.document(answer);
  else output.note(`Key ${key} is revoked.`);
  return EXIT.ok;
}

function listOf(text: string | undefined): string[] | undefined {
  return text?.split(',').map((part) => part.trim());
}
