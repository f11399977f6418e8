/** The flags of `serve` and `up`. Without imports of weight, so that help is quick. */
import type { SettingKey } from '../config/settings.ts';

export const SERVE_FLAGS = [
  { flag: '--host <address>', name: 'host', setting: 'HTTP_HOST', description: 'address to listen on' },
  {
    flag: '--port <number>',
    name: 'port',
    setting: 'HTTP_PORT',
    description: 'port to listen on, 0 for any free one',
  },
  {
    flag: '--public-url <url>',
    name: 'publicUrl',
    setting: 'PUBLIC_URL',
    description: 'address for clients',
  },
  { flag: '--database <file>', name: 'database', setting: 'DATABASE_PATH', description: 'the database file' },
  {
    flag: '--log-level <level>',
    name: 'logLevel',
    setting: 'LOG_LEVEL',
    description: 'debug, info, warn, error, silent',
  },
  { flag: '--log-format <format>', name: 'logFormat', setting: 'LOG_FORMAT', description: 'pretty or json' },
] as const satisfies readonly {
  readonly flag: string;
  readonly name: string;
  readonly setting: SettingKey;
  readonly description: string;
}[];

/** The settings that parsed options stand for. */
export function settingsOf(options: Readonly<Record<string, unknown>>): Partial<Record<SettingKey, string>> {
  const settings: Partial<Record<SettingKey, string>> = {};
  for (const { name, setting } of SERVE_FLAGS) {
    const value = options[name];
    if (typeof value === 'string') settings[setting] = value;
  }
  return settings;
}
