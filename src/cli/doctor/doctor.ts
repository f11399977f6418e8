/** `schub doctor`: looks at everything that the hub needs, and says of each thing that is wrong how to mend it. */
import { existsSync } from 'node:fs';
import type { ConfigSources, LoadedConfig } from '../../config/config.ts';
import { inspectConfig } from '../../config/config.ts';
import { dataFiles } from '../../config/paths.ts';
import { findHub } from '../find-hub.ts';
import { EXIT, type Output, type Style } from '../output.ts';
import { checkCertificate } from './certificate.ts';
import { checkClients } from './clients.ts';
import { checkClock, checkDatabase, checkFolders, checkPages, checkRights, checkRoom } from './data.ts';
import { foundOr, ok, problem, type Finding } from './finding.ts';
import { checkExposure, checkInside, checkPort, checkRunning } from './network.ts';
import { checkPlugins } from './plugins.ts';
import { checkNativeModule, checkNode } from './program.ts';
import { secretProblems } from './secrets.ts';

export interface DoctorDeps {
  readonly sources: ConfigSources;
  readonly output: Output;
  /** Of this program. */
  readonly version: string;
  /** What a person types for this program. */
  readonly schub: string;
  readonly now: () => number;
}

/** Below it the hub has no room for its log and its index. */
const LEAST_FREE_BYTES = 100 * 1024 ** 2;
const MARKS: Readonly<Record<Finding['state'], string>> = {
  ok: 'ok',
  warning: 'warning',
  problem: 'PROBLEM',
};
const STYLES: Readonly<Record<Finding['state'], Style>> = { ok: 'green', warning: 'yellow', problem: 'red' };

/** Prints the findings; answers 6 if there are problems, else 0. */
export async function doctor({ output, schub, ...deps }: DoctorDeps): Promise<number> {
  const findings = await examine(deps);
  const problems = findings.filter(({ state }) => state === 'problem').length;
  const code = problems === 0 ? EXIT.ok : EXIT.problemsFound;
  output.list({
    name: 'findings',
    items: findings,
    headers: ['', 'CHECK', 'FOUND', 'MEND WITH'],
    row: ({ state, check, detail, mend = '' }) => [MARKS[state], check, detail, mend],
    more: { problems },
    style: ({ state }, column) => (column === 0 ? STYLES[state] : undefined),
  });
  if (output.json) return code;
  output.note(problems === 0 ? 'Nothing is wrong.' : `${problems} to mend.`);
  // The table would not hold it in each row.
  if (problems > 0 && schub !== 'schub') output.note(`schub is, here: ${schub}`);
  return code;
}

async function examine({
  sources,
  version,
  now,
}: Omit<DoctorDeps, 'output' | 'schub'>): Promise<readonly Finding[]> {
  const native = await checkNativeModule();
  const { loaded, problems } = inspectConfig(sources);
  const settings = problems.map(({ message }) => problem('settings', message, 'correct it there'));
  return [
    checkNode(process.version),
    native,
    ...foundOr(settings, ok('settings', 'all are understood')),
    ...(await dataFindings(loaded, now(), native.state === 'ok')),
    ...(await checkPlugins(loaded)),
    checkExposure(loaded),
    ...(await checkCertificate(loaded.config.http, now())),
    ...(await hubFindings(loaded, version, now(), sources.env)),
  ];
}

async function secretFindings({ config, given }: LoadedConfig): Promise<readonly Finding[]> {
  const said = await secretProblems(config.dataDir, given);
  const file = dataFiles.secrets(config.dataDir);
  const found = said.map((sentence) =>
    problem(
      'secrets',
      sentence,
      `take it out of where it is set, or move ${file} away, and the hub makes new ones`,
    ),
  );
  return foundOr(found, ok('secrets', 'strong enough, or made at the first start'));
}

/** What lies in a folder is looked at where the folder can be used. `canRead`: the database. */
async function dataFindings(
  loaded: LoadedConfig,
  now: number,
  canRead: boolean,
): Promise<readonly Finding[]> {
  const { config } = loaded;
  const folders = await checkFolders(config);
  if (folders.some(({ state }) => state !== 'ok')) return folders;
  const database = canRead ? await checkDatabase(config) : [];
  const whole =
    canRead && database.every(({ state }) => state !== 'problem') && existsSync(config.store.path);
  return [
    ...folders,
    ...(await checkRights(config)),
    ...(await secretFindings(loaded)),
    await checkRoom(config, LEAST_FREE_BYTES),
    ...database,
    ...(whole ? [checkPages(config), checkClock(config, now)] : []),
  ];
}

async function hubFindings(
  loaded: LoadedConfig,
  version: string,
  now: number,
  env: ConfigSources['env'],
): Promise<readonly Finding[]> {
  const running = await findHub(loaded.config.dataDir);
  const url = loaded.client.url ?? running?.url;
  const hub =
    running === undefined
      ? [await checkPort(loaded)]
      : [...(await checkRunning(running, version)), ...(await checkInside(loaded, now))];
  return [...hub, ...(url === undefined ? [] : await checkClients(loaded, url, env))];
}
