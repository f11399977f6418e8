/** From where each setting takes its value: the command line, the environment, `.env`, or its default. */
import { parseEnv } from 'node:util';
import { StartError } from '../errors.ts';
import { nearest } from './nearest.ts';
import type { Setting, SettingKey, SettingValues } from './settings.ts';
import { SETTING_KEYS, SETTINGS, isSettingKey } from './settings.ts';
import { UsageError } from './usage-error.ts';

export interface DotenvFile {
  readonly path: string;
  readonly text: string;
}

export interface TextSources {
  readonly flags: Readonly<Partial<Record<SettingKey, string>>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Null: there is none. */
  readonly dotenv: DotenvFile | null;
}

export type Source = 'flag' | 'environment' | '.env' | 'default';

export interface Resolved {
  readonly values: SettingValues;
  readonly sources: Readonly<Record<SettingKey, Source>>;
}

interface Layer {
  readonly source: Source;
  /** Completes "HTTP_PORT is … (". */
  readonly from: string;
  readonly texts: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads every setting. An empty text counts as not set.
 * @throws StartError naming the first malformed value or unknown key.
 */
export function resolveSettings(sources: TextSources): Resolved {
  const layers: readonly Layer[] = [
    { source: 'flag', from: 'on the command line', texts: sources.flags },
    { source: 'environment', from: 'in the environment', texts: sources.env },
    { source: '.env', from: `in ${sources.dotenv?.path ?? '.env'}`, texts: readDotenv(sources.dotenv) },
  ];
  const values: Partial<Record<SettingKey, unknown>> = {};
  const origins: Partial<Record<SettingKey, Source>> = {};
  for (const key of SETTING_KEYS) {
    const layer = layers.find(({ texts }) => (texts[key] ?? '').trim() !== '');
    values[key] =
      layer === undefined ? SETTINGS[key].fallback : readValue(key, (layer.texts[key] ?? '').trim(), layer);
    origins[key] = layer?.source ?? 'default';
  }
  return { values: values as SettingValues, sources: origins as Record<SettingKey, Source> };
}

function readValue(key: SettingKey, text: string, layer: Layer): unknown {
  const { parser, secret }: Setting<unknown, unknown> = SETTINGS[key];
  const result = parser.schema.safeParse(text);
  if (result.success) return result.data;
  const shown = secret === true ? 'is malformed' : `is ${JSON.stringify(cut(text))}`;
  const message = `${key} ${shown} (${layer.from}); expected ${parser.expected}.`;
  throw layer.source === 'flag' ? new UsageError(message) : new StartError(message);
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function readDotenv(file: DotenvFile | null): Record<string, string | undefined> {
  if (file === null) return {};
  const text = file.text.replace(/^\uFEFF/, '');
  const line = strayLine(text);
  if (line !== undefined)
    throw new StartError(`Line ${String(line)} of ${file.path} is not of the form NAME=value.`);
  const texts = parseEnv(text);
  for (const key of Object.keys(texts)) {
    if (isSettingKey(key)) continue;
    const meant = nearest(key, SETTING_KEYS);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    throw new StartError(
      `${JSON.stringify(cut(key))} in ${file.path} is not a setting of the hub${hint || '.'}`,
    );
  }
  return texts;
}

/** Number of the first line that Node's parser passes over in silence, such as `HTTP_PORT 8080`. */
function strayLine(text: string): number | undefined {
  const lines = text.split('\n');
  const whole = JSON.stringify(parseEnv(text));
  const index = lines.findIndex((line, i) => {
    if (/^\s*(#|$)/.test(line) || /^[^=]+=/.test(line)) return false;
    // A line inside a quoted value matters to the result; one that can be left out does not.
    return JSON.stringify(parseEnv(lines.toSpliced(i, 1).join('\n'))) === whole;
  });
  return index === -1 ? undefined : index + 1;
}
