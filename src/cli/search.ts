/** `schub search`: everything that the key in use may see. */
import { z } from 'zod';
import type { HubClient } from './client.ts';
import { EXIT, type Output } from './output.ts';

export interface SearchDeps {
  readonly client: HubClient;
  readonly output: Output;
}

export interface SearchFilter {
  readonly session?: string;
  readonly sender?: string;
  readonly type?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
}

const resultSchema = z.object({
  message: z.looseObject({
    id: z.number(),
    session_id: z.string(),
    sender: z.string(),
    timestamp: z.string(),
  }),
  score: z.number(),
  snippet: z.string(),
  session_purpose: z.string(),
});
const pageSchema = z.object({
  results: z.array(resultSchema),
  corrected_query: z.string().optional(),
  degraded: z.boolean().optional(),
  next_cursor: z.string().optional(),
});

const PAGE = 100;

/** Prints what is found, best first. Answers the exit code, 0 also where nothing is. */
export async function search(
  { client, output }: SearchDeps,
  query: string,
  { session, type, limit, ...filter }: SearchFilter,
): Promise<number> {
  const results: z.infer<typeof resultSchema>[] = [];
  let page: z.infer<typeof pageSchema> | undefined;
  do {
    page = await client.read(pageSchema, '/api/v1/search', {
      query: {
        ...{ ...filter, query, session_id: session, message_type: type },
        ...{ cursor: page?.next_cursor, limit: Math.min(limit - results.length, PAGE) },
      },
    });
    results.push(...page.results);
  } while (page.next_cursor !== undefined && results.length < limit);
  if (!output.json) {
    if (page.corrected_query !== undefined) output.note(`Searched for: ${page.corrected_query}`);
    if (page.degraded === true)
      output.note('The index is not complete: only the newest messages were searched.');
  }
  output.list({
    name: 'results',
    items: results,
    headers: ['ID', 'SCORE', 'TIME', 'SESSION', 'SENDER', 'FOUND'],
    row: ({ message, score, snippet }) => [
      String(message.id),
      String(score),
      message.timestamp,
      message.session_id,
      message.sender,
      snippet,
    ],
    more: page,
  });
  return EXIT.ok;
}
