/** `schub keys create|list|revoke`. */
import { z } from 'zod';
import type { HubClient } from './client.ts';
import { CliError, EXIT, type Output } from './output.ts';
import { tableLines } from './table.ts';

const keySchema = z.object({
  key_id: z.string(),
  name: z.string(),
  workspace: z.string(),
  permissions: z.array(z.string()),
  agent_id: z.string().nullable(),
  agent_types: z.array(z.string()).nullable(),
  created_at: z.string(),
  expires_at: z.string().nullable(),
  last_used_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
});

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
  /** As `90d`, `12h`, `30m`. */
  readonly expires?: string;
}

const SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };

export async function createKey(
  { client, output }: KeysDeps,
  name: string,
  options: NewKeyOptions,
): Promise<number> {
  const made = await client.read(keySchema.extend({ key: z.string() }), '/api/v1/keys', {
    json: {
      name,
      workspace: options.workspace,
      permissions: listOf(options.permissions),
      agent_id: options.agent,
      agent_types: listOf(options.types),
      expires_in: options.expires === undefined ? undefined : secondsOf(options.expires),
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

export async function listKeys({ client, output }: KeysDeps): Promise<number> {
  const { keys } = await client.read(z.object({ keys: z.array(keySchema) }), '/api/v1/keys');
  if (output.json) output.document({ keys });
  else {
    const rows = keys.map((key) => [
      key.key_id,
      key.name,
      key.workspace,
      key.permissions.join(','),
      key.agent_id ?? '-',
      key.revoked_at === null ? (key.expires_at ?? 'never') : 'revoked',
      key.last_used_at ?? 'never',
    ]);
    const headers = ['KEY ID', 'NAME', 'WORKSPACE', 'PERMISSIONS', 'AGENT', 'EXPIRES', 'LAST USED'];
    for (const line of tableLines(headers, rows, output.terminal)) output.line(line);
  }
  return EXIT.ok;
}

export async function revokeKey({ client, output }: KeysDeps, keyId: string): Promise<number> {
  const answer = await client.read(
    z.object({ revoked: z.literal(true) }),
    `/api/v1/keys/${encodeURIComponent(keyId)}`,
    {
      method: 'DELETE',
    },
  );
  if (output.json) output.document(answer);
  else output.note(`Key ${keyId} is revoked.`);
  return EXIT.ok;
}

function listOf(text: string | undefined): string[] | undefined {
  return text?.split(',').map((part) => part.trim());
}

function secondsOf(text: string): number {
  const [, count, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? [];
  const seconds = SECONDS[unit];
  if (count === undefined || seconds === undefined) {
    throw new CliError(
      EXIT.usage,
      `--expires is ${JSON.stringify(text)}; expected minutes, hours or days, as in 30m, 12h, 90d.`,
    );
  }
  return Number(count) * seconds;
}
