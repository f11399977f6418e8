/** `npm run dev -- --info`: the settings in force and where each comes from. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { findHub } from '../../src/cli/find-hub.ts';
import { tableLines } from '../../src/cli/table.ts';
import { configWithOrigins } from '../../src/config/config.ts';
import { configSources, dotenvFile, settingsFile } from '../../src/config/env.ts';
import { shownSettings } from '../../src/cli/config.ts';
import { failure, givenBy } from './flags.ts';

/** Prints them and answers the exit code. */
export async function info(args: readonly string[]): Promise<number> {
  try {
    const { around, flags } = givenBy(args);
    const loaded = configWithOrigins(configSources(around, flags));
    const { dataDir, store } = loaded.config;
    const hub = await findHub(dataDir);
    const files = [dotenvFile(around), settingsFile(around)];
    const facts = [
      ['version', around.package.version],
      ['node', process.version],
      ...files.map((file) => [path.basename(file), existsSync(file) ? file : `${file} (none)`]),
      ['data folder', existsSync(dataDir) ? dataDir : `${dataDir} (made at the first start)`],
      ['database', existsSync(store.path) ? store.path : `${store.path} (made at the first start)`],
      ['hub', hub === undefined ? 'does not run' : `runs at ${hub.url} (process ${hub.pid})`],
    ];
    const rows = (await shownSettings(loaded)).map(({ key, text, origin }) => [key, text, origin]);
    const lines = [
      ...tableLines(['WHAT', 'IS'], facts, { terminal: true }),
      '',
      ...tableLines(['SETTING', 'VALUE', 'FROM'], rows, { terminal: true }),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  } catch (error) {
    return failure(error);
  }
}
