/** `schub config`: the settings in force, where each comes from, and the files of the hub. */
import { existsSync } from 'node:fs';
import type { LoadedConfig, ShownSetting } from '../config/config.ts';
import { dataFiles } from '../config/paths.ts';
import { inspectSecrets } from '../config/secrets.ts';
import type { Setting } from '../config/settings.ts';
import { SETTINGS } from '../config/settings.ts';
import { EXIT, type Output } from './output.ts';

const MASK = '********';

export interface SettingText {
  readonly key: string;
  /** For people; a secret is masked. */
  readonly text: string;
  /** The command line, the environment, a file, or the default. */
  readonly origin: string;
}

/** @throws StartError about secrets that cannot be read. */
export async function shownSettings({
  config,
  given,
  settings,
}: LoadedConfig): Promise<readonly SettingText[]> {
  const missing: readonly string[] = await inspectSecrets(config.dataDir, given);
  const isMade = (key: string): boolean => key in SETTINGS && !missing.includes(key);
  return settings.map((setting) => {
    const { key, section, value } = setting;
    const kept = section === 'keys' && value === null && isMade(key);
    const file = dataFiles.secrets(config.dataDir);
    return kept
      ? { key, text: MASK, origin: file }
      : { key, text: textOf(setting), origin: originOf(setting) };
  });
}

function textOf({ key, value }: ShownSetting): string {
  const { otherwise }: Setting<unknown, unknown> = SETTINGS[key];
  if (value === null || value === undefined) return otherwise === undefined ? '-' : `(${otherwise})`;
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function originOf({ source, path }: ShownSetting): string {
  return path ?? (source === 'flag' ? 'command line' : source);
}

/** Answers the exit code. */
export async function listConfig(loaded: LoadedConfig, output: Output, showOrigin: boolean): Promise<number> {
  const settings = await shownSettings(loaded);
  output.list({
    name: 'settings',
    items: settings.map(({ key, text, origin }) => ({
      ...{ key, value: text },
      ...(showOrigin ? { origin } : {}),
    })),
    headers: showOrigin ? ['SETTING', 'VALUE', 'FROM'] : ['SETTING', 'VALUE'],
    row: ({ key, value, origin }) => (origin === undefined ? [key, value] : [key, value, origin]),
  });
  return EXIT.ok;
}

/** The files of settings that count, whether they exist or not. */
export interface SettingsFiles {
  readonly env: string;
  readonly settings: string;
}

/** Answers the exit code. */
export function showPaths(
  { config }: LoadedConfig,
  { env, settings }: SettingsFiles,
  output: Output,
): number {
  const files = {
    data: config.dataDir,
    database: config.store.path,
    secrets: dataFiles.secrets(config.dataDir),
    env,
    settings,
  };
  if (output.json) {
    output.document(files);
    return EXIT.ok;
  }
  output.list({
    name: 'files',
    items: Object.entries(files),
    headers: ['WHAT', 'WHERE'],
    row: ([what, file]) => [what, existsSync(file) || !output.terminal ? file : `${file} (not there yet)`],
  });
  return EXIT.ok;
}
