/** Keys and the signing secret, apart from Config: given by the operator, or made once and kept in the data folder. */
import { randomBytes } from 'node:crypto';
import { createFile, replaceFile } from '../lib/private-file.ts';
import { systemReason } from '../lib/system-error.ts';
import type { GivenSecrets } from './config.ts';
import { ensureDataFolder, tighten } from './data-folder.ts';
import { dataFiles } from './paths.ts';
import type { SecretName, SecretTexts } from './secret-rules.ts';
import { SECRET_NAMES, checkEqual, checkSecret } from './secret-rules.ts';
import type { Kept } from './secrets-file.ts';
import { readSecretsFile, secretsText } from './secrets-file.ts';
import { StartError } from '../errors.ts';

export interface Secrets {
  readonly apiKey: string;
  readonly adminApiKey: string;
  readonly jwtSecretKey: string;
}

export interface LoadedSecrets {
  readonly secrets: Secrets;
  /** Those the hub made and nobody was shown yet; after showing them call {@link markShown}. */
  readonly made: readonly SecretName[];
  readonly file: string;
  readonly warnings: readonly string[];
}

/**
 * The secrets in force. Those not given are taken from the data folder's secrets file, or made and kept there.
 * @throws StartError about a refused secret, or a folder or file that cannot be used; such a file is left as it is.
 */
export async function loadSecrets(dataDir: string, given: GivenSecrets): Promise<LoadedSecrets> {
  const file = dataFiles.secrets(dataDir);
  const set = byName(given);
  check(set, {}, file);
  const folderWarnings = await ensureDataFolder(dataDir);
  // A second round where another process made the file in between.
  for (let round = 0; round < 2; round++) {
    const kept = await readSecretsFile(file);
    check(set, kept ?? {}, file);
    const fresh: Partial<Record<SecretName, string>> = {};
    for (const name of SECRET_NAMES)
      if ((set[name] ?? kept?.[name] ?? null) === null) fresh[name] = makeSecret();
    if (!(await keep(file, kept, fresh))) continue;
    const hidden = [...(kept?.NOT_SHOWN ?? []), ...Object.keys(fresh)];
    return {
      secrets: inForce({ ...kept, ...fresh, ...withoutNull(set) }),
      made: SECRET_NAMES.filter((name) => set[name] === null && hidden.includes(name)),
      file,
      warnings: [
        ...folderWarnings,
        ...(kept === undefined ? [] : await tighten(file, 0o600, 'secrets file')),
      ],
    };
  }
  throw new StartError(`The secrets file ${file} changes while it is read; start the hub once more.`);
}

/**
 * Checks the secrets as {@link loadSecrets} does, but makes and changes nothing.
 * @returns the names that the next start would make.
 */
export async function inspectSecrets(dataDir: string, given: GivenSecrets): Promise<readonly SecretName[]> {
  const file = dataFiles.secrets(dataDir);
  const set = byName(given);
  const kept = await readSecretsFile(file);
  check(set, kept ?? {}, file);
  return SECRET_NAMES.filter((name) => set[name] === null && kept?.[name] === undefined);
}

/** Remembers that what was made has been shown. */
export async function markShown(dataDir: string): Promise<void> {
  const file = dataFiles.secrets(dataDir);
  const { NOT_SHOWN: hidden = [], ...kept } = (await readSecretsFile(file)) ?? {};
  if (hidden.length > 0) await replaceFile(file, secretsText(kept));
}

type Given = Readonly<Record<SecretName, string | null>>;

function check(set: Given, kept: Kept, file: string): void {
  for (const name of SECRET_NAMES) {
    const text = set[name] ?? kept[name];
    if (text !== undefined) checkSecret(name, text, set[name] === null ? ` in ${file}` : '');
  }
  checkEqual(set.API_KEY ?? kept.API_KEY, set.ADMIN_API_KEY ?? kept.ADMIN_API_KEY);
}

/** Answers false if another process made the file first. */
async function keep(file: string, kept: Kept | undefined, fresh: Kept): Promise<boolean> {
  const made = SECRET_NAMES.filter((name) => fresh[name] !== undefined);
  if (made.length === 0) return true;
  const text = secretsText({
    ...kept,
    ...fresh,
    NOT_SHOWN: [...new Set([...(kept?.NOT_SHOWN ?? []), ...made])],
  });
  try {
    if (kept === undefined) return await createFile(file, text);
    await replaceFile(file, text);
    return true;
  } catch (error) {
    throw new StartError(`The secrets file ${file} cannot be written: ${systemReason(error)}.`, {
      cause: error,
    });
  }
}

function makeSecret(): string {
  return `schk_${randomBytes(32).toString('base64url')}`;
}

function byName(given: GivenSecrets): Given {
  return { API_KEY: given.apiKey, ADMIN_API_KEY: given.adminApiKey, JWT_SECRET_KEY: given.jwtSecretKey };
}

function withoutNull(set: Given): Kept {
  return Object.fromEntries(Object.entries(set).filter(([, text]) => text !== null));
}

function inForce(texts: Kept): Secrets {
  const { API_KEY: apiKey, ADMIN_API_KEY: adminApiKey, JWT_SECRET_KEY: jwtSecretKey } = texts as SecretTexts;
  return { apiKey, adminApiKey, jwtSecretKey };
}
