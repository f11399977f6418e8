/** The file in the data folder that keeps the secrets the hub made. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { systemCode, systemReason } from '../lib/system-error.ts';
import { SECRET_NAMES } from './secret-rules.ts';
import { StartError } from '../errors.ts';

const keptSchema = z.strictObject({
  API_KEY: z.string().optional(),
  ADMIN_API_KEY: z.string().optional(),
  JWT_SECRET_KEY: z.string().optional(),
  /** Made, but the start failed before anybody was told. */
  NOT_SHOWN: z.array(z.enum(SECRET_NAMES)).optional(),
});

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };
export type Kept = Defined<z.output<typeof keptSchema>>;

/**
 * What the secrets file holds; undefined if there is none.
 * @throws StartError if it cannot be read or understood.
 */
export async function readSecretsFile(file: string): Promise<Kept | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new StartError(`The secrets file ${file} cannot be read: ${systemReason(error)}.`, {
      cause: error,
    });
  }
  try {
    return Object.fromEntries(Object.entries(keptSchema.parse(JSON.parse(text))));
  } catch {
    // Without the cause: a parser's message quotes what it read.
    throw new StartError(
      `The secrets file ${file} is damaged; mend it, or move it away and the hub makes new keys.`,
    );
  }
}

export function secretsText(kept: Kept): string {
  return `${JSON.stringify(kept, null, 2)}\n`;
}
