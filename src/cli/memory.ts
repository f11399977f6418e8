/** `schub memory get|set|list|history|rm`: the memory of the agent that the command line acts as, and what all share. */
import { z } from 'zod';
import { entryShape, versionShape } from '../mcp/shapes.ts';
import type { HubClient } from './client.ts';
import { EXIT, type Output } from './output.ts';

export interface MemoryDeps {
  readonly client: HubClient;
  readonly output: Output;
}

/** Where an entry is kept. */
export interface MemoryWhere {
  readonly session?: string;
  readonly scope: string;
}

const listSchema = z.object({ entries: z.array(entryShape), next_cursor: z.string().optional() });
const storedSchema = entryShape;
const historySchema = z.object({ versions: z.array(versionShape), has_more: z.boolean() });
const oldSchema = z.object({ version: z.number(), value: z.unknown() });
const fullSchema = entryShape.extend({ value: z.unknown() });

const PAGE = 200;

const pathOf = (key: string): string => `/api/v1/memory/${encodeURIComponent(key)}`;
const queryOf = ({ session, scope }: MemoryWhere) => ({ session_id: session, scope });

/** Prints the value, by default the present one: text as it is, anything else as JSON. Answers the exit code. */
export async function getMemory(
  { client, output }: MemoryDeps,
  key: string,
  { at, ...where }: MemoryWhere & { readonly at?: number },
): Promise<number> {
  const query = queryOf(where);
  const entry =
    at === undefined
      ? await client.read(fullSchema, pathOf(key), { query })
      : await client.read(oldSchema, `${pathOf(key)}/history/${at}`, { query });
  if (output.json) output.document(entry);
  else output.line(typeof entry.value === 'string' ? entry.value : JSON.stringify(entry.value));
  return EXIT.ok;
}

/** Prints the versions of an entry that are kept, newest first, without their values. Answers the exit code. */
export async function listVersions(
  { client, output }: MemoryDeps,
  key: string,
  where: MemoryWhere,
): Promise<number> {
  const versions: z.infer<typeof versionShape>[] = [];
  let more = true;
  while (more) {
    const query = { ...queryOf(where), before_version: versions.at(-1)?.version, limit: PAGE };
    const page = await client.read(historySchema, `${pathOf(key)}/history`, { query });
    versions.push(...page.versions);
    more = page.has_more;
  }
  output.list({
    name: 'versions',
    items: versions,
    headers: ['VERSION', 'BYTES', 'WRITTEN', 'BY', 'EXPIRES'],
    row: (one) => [
      ...[String(one.version), String(one.value_size), one.updated_at, one.updated_by],
      one.expires_at ?? '-',
    ],
  });
  return EXIT.ok;
}

/** `text` is JSON, or else a text. Answers the exit code. */
export async function setMemory(
  { client, output }: MemoryDeps,
  key: string,
  text: string,
  { session, scope }: MemoryWhere,
): Promise<number> {
  const json = { value: valueOf(text), scope, ...(session === undefined ? {} : { session_id: session }) };
  const entry = await client.read(storedSchema, pathOf(key), { method: 'PUT', json });
  if (output.json) output.document(entry);
  else output.line(`${entry.key} has version ${String(entry.version)}`);
  return EXIT.ok;
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

export interface MemoryFilter {
  readonly session?: string;
  readonly scope?: string;
  readonly prefix?: string;
  readonly query?: string;
  readonly limit: number;
}

/** Prints entries without their values. Answers the exit code. */
export async function listMemory(
  { client, output }: MemoryDeps,
  { session, limit, ...filter }: MemoryFilter,
): Promise<number> {
  const entries: z.infer<typeof entryShape>[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.read(listSchema, '/api/v1/memory', {
      query: { ...filter, session_id: session, cursor, limit: Math.min(limit - entries.length, PAGE) },
    });
    entries.push(...page.entries);
    cursor = page.next_cursor;
  } while (cursor !== undefined && entries.length < limit);
  output.list({
    name: 'entries',
    items: entries,
    headers: ['KEY', 'SCOPE', 'SESSION', 'VERSION', 'UPDATED', 'BY'],
    row: (entry) => [
      entry.key,
      entry.scope,
      entry.session_id ?? '-',
      String(entry.version),
      entry.updated_at,
      entry.updated_by,
    ],
  });
  if (cursor !== undefined && !output.json) output.note(`More than ${limit}; see them with --limit.`);
  return EXIT.ok;
}

/** Answers the exit code. */
export async function removeMemory(
  { client, output }: MemoryDeps,
  key: string,
  where: MemoryWhere,
): Promise<number> {
  const done = await client.read(z.object({ deleted: z.boolean() }), pathOf(key), {
    method: 'DELETE',
    query: queryOf(where),
  });
  if (output.json) output.document(done);
  else output.line(`${key} is gone`);
  return EXIT.ok;
}
