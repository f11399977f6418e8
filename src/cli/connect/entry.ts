/** What a connected client reads in its file: where it goes, and as whom. */
import { z } from 'zod';
import { snapshot } from './files.ts';
import type { KnownKey, Recorded } from './ledger.ts';
import { SYNTAXES } from '../../features/connect/syntax.ts';

export type Entry =
  | {
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      /** The file names a variable for the key, which is the one that connect made for it. */
      readonly variable: boolean;
    }
  | {
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    };

const texts = z.record(z.string(), z.string()).default({});
const httpSchema = z
  .looseObject({
    ...{ url: z.string().optional(), httpUrl: z.string().optional(), serverUrl: z.string().optional() },
    ...{ headers: texts, http_headers: texts, bearer_token_env_var: z.string().optional() },
  })
  .transform((entry) => ({ ...entry, to: entry.url ?? entry.httpUrl ?? entry.serverUrl }));
const processSchema = z.looseObject({
  command: z.string(),
  args: z.array(z.string()).default([]),
  env: texts,
});
const VARIABLE = /\$\{[^}]*\}/;

/**
 * Undefined: the file holds no server of connect any more. `key`: what the variable that the file names stands for.
 * @throws UneditableError if the file cannot be read or understood.
 */
export async function readEntry(record: Recorded, key: KnownKey | undefined): Promise<Entry | undefined> {
  const at = record.edits.find((edit) => 'set' in edit)?.at ?? [];
  const { text } = await snapshot(record.path);
  const value = SYNTAXES[record.syntax].value(text, at);
  const started = processSchema.safeParse(value);
  if (started.success) return started.data;
  const { data } = httpSchema.safeParse(value);
  if (data?.to === undefined) return undefined;
  const headers = { ...data.headers, ...data.http_headers };
  const said = headers['Authorization'] ?? '';
  const variable = data.bearer_token_env_var !== undefined || VARIABLE.test(said);
  const authorization = variable ? `Bearer ${key?.key ?? ''}` : said;
  return { url: data.to, headers: { ...headers, Authorization: authorization }, variable };
}
