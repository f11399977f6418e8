/** What a file says of settings. */
import { nearest } from './nearest.ts';
import { isSettingKey, SETTING_KEYS } from './settings.ts';

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** What a file says to a plugin. */
export interface PluginSection {
  readonly values: Readonly<Record<string, unknown>>;
  /** Where it stands: "in …, line 3". */
  readonly from: string;
}

export interface FileTexts {
  readonly texts: Readonly<Record<string, string | undefined>>;
  /** Where a setting stands; completes "HTTP_PORT is … (". */
  readonly from: (key: string) => string;
  /** By the name of the plugin; absent: the file has none. */
  readonly plugins?: ReadonlyMap<string, PluginSection>;
  /** What is wrong with its lines and names, a sentence each. */
  readonly problems: readonly string[];
}

const SHOWN = 100;

/** As much of a text as a sentence can hold. */
export function cut(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

/** The sentence about a name that stands in `where` and is no setting. `known`: what it may have been meant to be. */
export function unknownName(name: string, where: string, known: readonly string[] = SETTING_KEYS): string {
  const meant = isSettingKey(name) ? undefined : nearest(name, known);
  const hint = meant === undefined ? '.' : `; did you mean ${meant}?`;
  return `${JSON.stringify(cut(name))} in ${where} is not a setting of the hub${hint}`;
}
