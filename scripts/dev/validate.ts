/** `npm run dev -- --validate`: everything that would keep the hub from starting, without starting it. */
import path from 'node:path';
import type { ConfigSources, GivenSecrets } from '../../src/config/config.ts';
import { configWithOrigins } from '../../src/config/config.ts';
import { configSources, surroundings } from '../../src/config/env.ts';
import { dataFiles } from '../../src/config/paths.ts';
import type { SecretName } from '../../src/config/secret-rules.ts';
import { SECRET_NAMES, checkEqual, checkSecret } from '../../src/config/secret-rules.ts';
import { readSecretsFile } from '../../src/config/secrets-file.ts';
import { StartError } from '../../src/errors.ts';
import { UsageError } from '../../src/config/usage-error.ts';
import { databaseProblem, folderProblem } from './check-files.ts';
import { failure, flagsOf } from './flags.ts';
import { checkSettings } from './settings.ts';

/** Prints one line for each problem and answers 1, or says that there is none and answers 0. */
export async function validate(args: readonly string[]): Promise<number> {
  try {
    const { problems, folder, database } = await findProblems(configSources(surroundings(), flagsOf(args)));
    if (problems.length > 0) return tell(problems);
    process.stdout.write(
      `Settings, keys, the data folder ${folder} and the database ${database} are good.\n`,
    );
    return 0;
  } catch (error) {
    return error instanceof StartError && !(error instanceof UsageError)
      ? tell([error.message])
      : failure(error);
  }
}

function tell(problems: readonly string[]): number {
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  return 1;
}

interface Found {
  readonly problems: readonly string[];
  readonly folder: string;
  readonly database: string;
}

async function findProblems(sources: ConfigSources): Promise<Found> {
  const settings = checkSettings(sources);
  const { config, given } = configWithOrigins(settings.sources);
  const folder = config.dataDir;
  const database = config.store.path;
  const places = [[folder, 'data folder']];
  if (path.dirname(database) !== folder) places.push([path.dirname(database), 'folder of the database']);
  const folders = await Promise.all(places.map(([place = '', what = '']) => folderProblem(place, what)));
  const usable = folders.every((problem) => problem === undefined);
  const rest = usable ? [...(await secretProblems(folder, given)), await databaseProblem(database)] : [];
  const problems = [...settings.problems, ...folders, ...rest].filter((problem) => problem !== undefined);
  return { problems, folder, database };
}

/** As `inspectSecrets` of the hub, which stops at the first. */
async function secretProblems(folder: string, given: GivenSecrets): Promise<readonly (string | undefined)[]> {
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
  return [unreadable, ...(await Promise.all(single)), equal];
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
