/** `npm run dev -- --info`: the settings in force and where each comes from. */
import { existsSync } from 'node:fs';
import { findHub } from '../../src/cli/find-hub.ts';
import { tableLines } from '../../src/cli/table.ts';
import type { LoadedConfig, ShownSetting } from '../../src/config/config.ts';
import { configWithOrigins } from '../../src/config/config.ts';
import { configSources, surroundings } from '../../src/config/env.ts';
import { inspectSecrets } from '../../src/config/secrets.ts';
import { dataFiles } from '../../src/config/paths.ts';
import type { Setting } from '../../src/config/settings.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { failure, flagsOf } from './flags.ts';
import { dotenvFile } from './settings.ts';

const MASK = '********';

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
    const rows = await settingRows(loaded);
    const lines = [
      ...tableLines(['WHAT', 'IS'], facts, true),
      '',
      ...tableLines(['SETTING', 'VALUE', 'FROM'], rows, true),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  } catch (error) {
    return failure(error);
  }
}

async function settingRows({ config, given, settings }: LoadedConfig): Promise<readonly string[][]> {
  const missing: readonly string[] = await inspectSecrets(config.dataDir, given);
  const isMade = (key: string): boolean => key in SETTINGS && !missing.includes(key);
  return settings.map((setting) => {
    const { key, section, value } = setting;
    const kept = section === 'keys' && value === null && isMade(key);
    return [key, kept ? MASK : shown(setting), kept ? dataFiles.secrets(config.dataDir) : from(setting)];
  });
}

function shown({ key, value }: ShownSetting): string {
  const { otherwise }: Setting<unknown, unknown> = SETTINGS[key];
  if (value === null || value === undefined) return otherwise === undefined ? '-' : `(${otherwise})`;
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function from({ source, path }: ShownSetting): string {
  return path ?? (source === 'flag' ? 'command line' : source);
}
