/** `npm run dev -- --validate`: everything that would keep the hub from starting, without starting it. */
import path from 'node:path';
import type { ConfigSources } from '../../src/config/config.ts';
import { inspectConfig } from '../../src/config/config.ts';
import { configSources } from '../../src/config/env.ts';
import { StartError } from '../../src/errors.ts';
import { UsageError } from '../../src/config/usage-error.ts';
import { checkPlugins } from '../../src/cli/doctor/plugins.ts';
import { databaseProblem, folderProblem } from '../../src/cli/doctor/files.ts';
import { secretProblems } from '../../src/cli/doctor/secrets.ts';
import { failure, givenBy } from './flags.ts';

/** Prints one line for each problem and answers 1, or says that there is none and answers 0. */
export async function validate(args: readonly string[]): Promise<number> {
  try {
    const { around, flags } = givenBy(args);
    const { problems, folder, database } = await findProblems(configSources(around, flags));
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
  const { loaded, problems: settings } = inspectConfig(sources);
  const { config, given } = loaded;
  const folder = config.dataDir;
  const database = config.store.path;
  const places = [[folder, 'data folder']];
  if (path.dirname(database) !== folder) places.push([path.dirname(database), 'folder of the database']);
  const folders = await Promise.all(places.map(([place = '', what = '']) => folderProblem(place, what)));
  const usable = folders.every((problem) => problem === undefined);
  const rest = usable ? [...(await secretProblems(folder, given)), await databaseProblem(database)] : [];
  const plugins = (await checkPlugins(loaded)).filter(({ state }) => state !== 'ok');
  const all = [...settings.map(({ message }) => message), ...folders, ...rest];
  const problems = [...all, ...plugins.map(({ detail }) => detail)].filter(
    (problem) => problem !== undefined,
  );
  return { problems, folder, database };
}
