/** Everything that is wrong with the settings, where the hub stops at the first. */
import { parseEnv } from 'node:util';
import type { ConfigSources } from '../../config/config.ts';
import { configWithOrigins } from '../../config/config.ts';
import type { SettingKey } from '../../config/settings.ts';
import { SETTING_KEYS, isSettingKey } from '../../config/settings.ts';
import { StartError } from '../../errors.ts';

type Flags = Readonly<Partial<Record<SettingKey, string>>>;
type Texts = Readonly<Record<string, string | undefined>>;

export interface CheckedSettings {
  /** One sentence each. */
  readonly problems: readonly string[];
  /** Without what is wrong. */
  readonly sources: ConfigSources;
}

/** Finds every problem of the settings, where the hub stops at the first: looks at each setting by itself. */
export function checkSettings(given: ConfigSources): CheckedSettings {
  const { problems, texts } = readDotenv(given);
  const good = new Set<SettingKey>();
  for (const key of SETTING_KEYS) {
    const problem = refusal(only(given, texts, [key]));
    if (problem === undefined) good.add(key);
    else problems.push(problem);
  }
  return { problems, sources: only(given, texts, [...good]) };
}

/** What the hub says against these settings; undefined if nothing. */
function refusal(sources: ConfigSources): string | undefined {
  try {
    configWithOrigins(sources);
    return undefined;
  } catch (error) {
    if (error instanceof StartError) return error.message;
    throw error;
  }
}

/** The settings of `.env`, and what is wrong with its lines and names. */
function readDotenv(given: ConfigSources): { problems: string[]; texts: Texts } {
  const problems: string[] = [];
  if (given.dotenv === null) return { problems, texts: {} };
  const { path } = given.dotenv;
  const alone = (text: string): string | undefined =>
    refusal({ ...given, flags: {}, env: {}, dotenv: { path, text } });
  const lines = given.dotenv.text.replace(/^\uFEFF/, '').split('\n');
  for (;;) {
    const problem = alone(lines.join('\n'));
    const line = /^Line (\d+) of/.exec(problem ?? '')?.[1];
    if (problem === undefined || line === undefined) break;
    problems.push(problem);
    lines[Number(line) - 1] = '';
  }
  const texts = parseEnv(lines.join('\n'));
  for (const name of Object.keys(texts).filter((key) => !isSettingKey(key)))
    problems.push(alone(`${name}=`) ?? `${name} in ${path} is not a setting of the hub.`);
  return { problems, texts };
}

/** The sources with nothing but these settings. */
function only(sources: ConfigSources, dotenvTexts: Texts, keys: readonly SettingKey[]): ConfigSources {
  const pick = (texts: Texts): Texts => Object.fromEntries(keys.map((key) => [key, texts[key]]));
  const lines = keys.flatMap((key) => {
    const text = dotenvTexts[key];
    return text === undefined ? [] : [`${key}=${quoted(text)}`];
  });
  return {
    ...sources,
    flags: withoutUndefined(pick(sources.flags)),
    env: pick(sources.env),
    dotenv: sources.dotenv === null ? null : { path: sources.dotenv.path, text: lines.join('\n') },
  };
}

function withoutUndefined(texts: Texts): Flags {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined));
}

/** A text as a line of `.env` can hold it. */
function quoted(text: string): string {
  const quote = ["'", '`', '"'].find((mark) => !text.includes(mark)) ?? '';
  return quote + text + quote;
}
