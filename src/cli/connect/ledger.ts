/** What `connect` has done, so that it can be taken back: a file in the data folder, beside copies of what was there before. */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { ensureDataFolder } from '../../config/data-folder.ts';
import { dataFiles } from '../../config/paths.ts';
import { replaceFile } from '../../lib/private-file.ts';
import { systemCode, systemReason } from '../../lib/system-error.ts';
import { CliError, EXIT } from '../output.ts';
import { sha256 } from './files.ts';

const editSchema = z.union([
  z.strictObject({ at: z.array(z.string()), set: z.literal(true) }),
  z.strictObject({ at: z.array(z.string()), add: z.json() }),
]);

const recordSchema = z.strictObject({
  client: z.string(),
  scope: z.enum(['user', 'project']),
  /** The file of the client's servers, or that of its hooks. */
  kind: z.enum(['server', 'hooks']),
  /** Symbolic links followed. */
  path: z.string(),
  /** The folder of the project; null: the user's own file. */
  project: z.string().nullable(),
  syntax: z.enum(['json', 'toml']),
  agent_id: z.string().nullable(),
  key_id: z.string().nullable(),
  edits: z.array(editSchema),
  /** Null: there was no file. `sha256` is the name of the copy too. */
  before: z.strictObject({ sha256: z.string(), mode: z.int() }).nullable(),
  /** SHA-256 of what was written. */
  after: z.string(),
  /** The first folder that was made for it. */
  made: z.string().nullable(),
});
export type Recorded = Readonly<z.output<typeof recordSchema>>;

const keySchema = z.strictObject({
  client: z.string(),
  key_id: z.string(),
  name: z.string(),
  key: z.string(),
});
export type KnownKey = Readonly<z.output<typeof keySchema>>;

const ledgerSchema = z.strictObject({
  version: z.literal(1),
  keys: z.array(keySchema),
  files: z.array(recordSchema),
});

export interface Ledger {
  readonly folder: string;
  keys: readonly KnownKey[];
  files: readonly Recorded[];
  /** Writes down what `keys` and `files` hold now. */
  save(): Promise<void>;
  /** Keeps a copy of what a file holds; answers where. */
  keep(bytes: Uint8Array): Promise<string>;
  /** @throws CliError if the copy is gone, or has been changed. */
  kept(sha: string): Promise<Buffer>;
}

/** @throws CliError if it cannot be read or understood. */
export async function openLedger(dataDir: string): Promise<Ledger> {
  const folder = dataFiles.connect(dataDir);
  const file = path.join(folder, 'ledger.json');
  const read = await readLedger(file);
  const copyOf = (sha: string): string => path.join(folder, `${sha}.bak`);
  const ledger: Ledger = {
    folder,
    keys: read.keys,
    files: read.files,
    async save() {
      await ensureDataFolder(dataDir);
      await ensureDataFolder(folder);
      const { keys, files } = ledger;
      await replaceFile(file, `${JSON.stringify({ version: 1, keys, files }, null, 2)}\n`);
    },
    async keep(bytes) {
      await ensureDataFolder(dataDir);
      await ensureDataFolder(folder);
      const copy = copyOf(sha256(bytes));
      await replaceFile(copy, bytes);
      return copy;
    },
    async kept(sha) {
      const bytes = await readFile(copyOf(sha)).catch((error: unknown) => {
        throw new CliError(EXIT.failure, `The copy ${copyOf(sha)} cannot be read: ${systemReason(error)}.`);
      });
      if (sha256(bytes) === sha) return bytes;
      throw new CliError(EXIT.failure, `The copy ${copyOf(sha)} is not what was kept.`);
    },
  };
  return ledger;
}

/** Removes the copies that no record needs any more. */
export async function dropCopies(ledger: Ledger, shas: readonly string[]): Promise<void> {
  const needed = new Set(ledger.files.map(({ before }) => before?.sha256));
  const unneeded = shas.filter((sha) => !needed.has(sha));
  await Promise.all(unneeded.map((sha) => rm(path.join(ledger.folder, `${sha}.bak`), { force: true })));
}

async function readLedger(file: string): Promise<z.output<typeof ledgerSchema>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { version: 1, keys: [], files: [] };
    throw new CliError(EXIT.failure, `${file} cannot be read: ${systemReason(error)}.`);
  }
  try {
    return ledgerSchema.parse(JSON.parse(text));
  } catch {
    // Without the cause: a parser's message quotes what it read.
    throw new CliError(
      EXIT.failure,
      `${file}, in which schub remembers what it connected, is damaged; mend it or move it away.`,
    );
  }
}
