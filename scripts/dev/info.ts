/** `npm run dev -- --info`: the settings in force and where each comes from. */
import { existsSync } from 'node:fs';
import { findHub } from '../../src/cli/find-hub.ts';
import { tableLines } from '../../src/cli/table.ts';
import { configWithOrigins } from '../../src/config/config.ts';
import { configSources, dotenvFile, surroundings } from '../../src/config/env.ts';
import { shownSettings } from '../../src/cli/config.ts';
import { failure, flagsOf } from './flags.ts';

/** Prints them and answers the exit code. */
export async function info(args: readonly string[]): Promise<number> {
  try {
    const around = surroundings();
    const loaded = configWithOrigins(configSources(around, flagsOf(args)));
    const { dataDir, store } = loaded.config;
    const hub = await findHub(dataDir);
    const dotenv = dotenvFile(around);
    const facts = [
      ['version', around.package.version],
      ['node', process.version],
      ['.env', existsSync(dotenv) ? dotenv : `${dotenv} (none)`],
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
