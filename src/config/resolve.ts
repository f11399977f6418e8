/** From where each setting takes its value: the command line, the environment, `.env`, `hub.config.yaml`, or its default. */
import { StartError } from '../errors.ts';
import { readDotenv } from './dotenv.ts';
import type { FileTexts, PluginSection, TextFile } from './file-texts.ts';
import { cut } from './file-texts.ts';
import { readSettingsFile } from './settings-file.ts';
import type { Setting, SettingKey, SettingValues } from './settings.ts';
import { SETTING_KEYS, SETTINGS } from './settings.ts';
import { UsageError } from './usage-error.ts';

export interface TextSources {
  readonly flags: Readonly<Partial<Record<SettingKey, string>>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Null: there is none. */
  readonly dotenv: TextFile | null;
  /** `hub.config.yaml`; null or absent: there is none. */
  readonly yaml?: TextFile | null;
}

export type Source = 'flag' | 'environment' | '.env' | 'hub.config.yaml' | 'default';

export interface Resolved {
  /** Where a value is wrong, the default. */
  readonly values: SettingValues;
  readonly sources: Readonly<Record<SettingKey, Source>>;
  readonly plugins: ReadonlyMap<string, PluginSection>;
  /** All that is wrong; the hub stops at the first. */
  readonly problems: readonly StartError[];
}

interface Layer extends FileTexts {
  readonly source: Source;
}

/** Reads every setting. An empty text counts as not set. */
export function resolveSettings(sources: TextSources): Resolved {
  const layers = layersOf(sources);
  const problems = layers.flatMap((layer) => layer.problems.map((said) => new StartError(said)));
  const values: Partial<Record<SettingKey, unknown>> = {};
  const origins: Partial<Record<SettingKey, Source>> = {};
  for (const key of SETTING_KEYS) {
    const layer = layers.find(({ texts }) => (texts[key] ?? '').trim() !== '');
    const read = layer === undefined ? SETTINGS[key].fallback : readValue(key, layer);
    if (read instanceof StartError) problems.push(read);
    values[key] = read instanceof StartError ? SETTINGS[key].fallback : read;
    origins[key] = layer?.source ?? 'default';
  }
  return {
    values: values as SettingValues,
    sources: origins as Record<SettingKey, Source>,
    plugins: new Map(layers.flatMap((layer) => [...(layer.plugins ?? [])])),
    problems,
  };
}

/** In the order in which they count. */
function layersOf({ flags, env, dotenv, yaml }: TextSources): readonly Layer[] {
  return [
    { source: 'flag', from: () => 'on the command line', texts: flags, problems: [] },
    { source: 'environment', from: () => 'in the environment', texts: env, problems: [] },
    ...(dotenv === null ? [] : [{ source: '.env' as const, ...readDotenv(dotenv) }]),
    ...(yaml == null ? [] : [{ source: 'hub.config.yaml' as const, ...readSettingsFile(yaml, env) }]),
  ];
}

function readValue(key: SettingKey, layer: Layer): unknown {
  const { parser, secret }: Setting<unknown, unknown> = SETTINGS[key];
  const text = (layer.texts[key] ?? '').trim();
  const result = parser.schema.safeParse(text);
  if (result.success) return result.data;
  const shown = secret === true ? 'is malformed' : `is ${JSON.stringify(cut(text))}`;
  const message = `${key} ${shown} (${layer.from(key)}); expected ${parser.expected}.`;
  return layer.source === 'flag' ? new UsageError(message) : new StartError(message);
}
