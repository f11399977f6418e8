/** Everything that is wrong with keys and secrets, where the hub stops at the first. */
import type { GivenSecrets } from '../../config/config.ts';
import { dataFiles } from '../../config/paths.ts';
import type { SecretName } from '../../config/secret-rules.ts';
import { SECRET_NAMES, checkEqual, checkSecret } from '../../config/secret-rules.ts';
import { readSecretsFile } from '../../config/secrets-file.ts';
import { StartError } from '../../errors.ts';

/** One sentence each. */
export async function secretProblems(folder: string, given: GivenSecrets): Promise<readonly string[]> {
  const file = dataFiles.secrets(folder);
  const set: Readonly<Record<SecretName, string | null>> = {
    API_KEY: given.apiKey,
    ADMIN_API_KEY: given.adminApiKey,
    JWT_SECRET_KEY: given.jwtSecretKey,
  };
  let kept: Awaited<ReturnType<typeof readSecretsFile>>;
  const unreadable = await caught(async () => {
    kept = await readSecretsFile(file);
  });
  const texts = SECRET_NAMES.map((name) => set[name] ?? kept?.[name]);
  const single = SECRET_NAMES.map(async (name, i) => {
    const text = texts[i];
    const where = set[name] === null ? ` in ${file}` : '';
    return text === undefined ? undefined : await caught(() => checkSecret(name, text, where));
  });
  const equal = await caught(() => checkEqual(texts[0], texts[1]));
  const problems = [unreadable, ...(await Promise.all(single)), equal];
  return problems.filter((problem) => problem !== undefined);
}

async function caught(check: () => unknown): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (error instanceof StartError) return error.message;
    throw error;
  }
}
