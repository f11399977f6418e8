/** `schub audit list`. */
import { z } from 'zod';
import { auditEntryShape, type AuditEntry } from '../mcp/shapes.ts';
import type { HubClient } from './client.ts';
import { EXIT, type Output } from './output.ts';

const pageSchema = z.object({ entries: z.array(auditEntryShape), next_cursor: z.string().optional() });

export interface AuditDeps {
  readonly client: HubClient;
  readonly output: Output;
}

export interface AuditFilter {
  readonly agent?: string;
  readonly type?: string;
  readonly session?: string;
  /** Times as ISO 8601 with offset. */
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
}

const PAGE = 200;

/** Prints who did what, newest first. */
export async function listAudit({ client, output }: AuditDeps, filter: AuditFilter): Promise<number> {
  const { limit, agent, type, session, since, until } = filter;
  const entries: AuditEntry[] = [];
  let cursor: string | undefined;
  do {
    const query = { agent_id: agent, event_type: type, session_id: session, since, until, cursor };
    const page = await client.read(pageSchema, '/api/v1/audit', {
      query: { ...query, limit: Math.min(limit - entries.length, PAGE) },
    });
    entries.push(...page.entries);
    cursor = page.next_cursor;
  } while (cursor !== undefined && entries.length < limit);
  output.list({
    name: 'entries',
    items: entries,
    headers: ['TIME', 'ACTOR', 'KEY ID', 'EVENT', 'ACTION', 'RESOURCE', 'SESSION', 'RESULT', 'DETAILS'],
    row: cells,
  });
  if (cursor !== undefined && !output.json) output.note(`More than ${limit}; see them with --limit.`);
  return EXIT.ok;
}

function cells(entry: AuditEntry): string[] {
  return [
    entry.at,
    entry.actor ?? '-',
    entry.key_id ?? '-',
    entry.event_type,
    entry.action,
    entry.resource ?? '-',
    entry.session_id ?? '-',
    entry.result,
    Object.entries(entry.details)
      .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(' '),
  ];
}
