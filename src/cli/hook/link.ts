/**
 * Which hub a hook speaks to, with which key and as which agent: those of the client's own connection. A project's files
 * are somebody else's: they may say which agent it is, never where a key is sent or which one.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { isLoopback } from '../../config/host.ts';
import { dataFiles, dataFolder, type Place } from '../../config/paths.ts';

export interface HookLink {
  /** Address of the hub, without a path. */
  readonly url: string;
  readonly key: string;
  readonly agent: string | undefined;
  /** The file of its certificate, if it is the hub of the data folder and does TLS. */
  readonly certificate: string | undefined;
}

export interface HookPlace extends Place {
  /** The project's folder. */
  readonly project: string;
  /** The agent to act as, whatever the files say. */
  readonly agent: string | undefined;
}

/** What an entry of the client says of the hub. */
interface Entry {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly agent?: string | undefined;
}

/** As `schub connect` calls them. */
const SERVER = 'hub';
const KEY_VARIABLE = 'HUB_KEY_CLAUDE_CODE';
const ENDPOINT = /\/mcp(\/2025)?\/?(\?.*)?$/;
const BEARER = /^Bearer +(\S+)$/i;

/** Undefined: there is no hub, or no key for it. */
export function findLink(place: HookPlace): HookLink | undefined {
  const { env, home, project } = place;
  const config = readJson(path.join(env['CLAUDE_CONFIG_DIR'] ?? home, '.claude.json'));
  const own = entryOf(at(config, 'projects', project), env);
  const everywhere = entryOf(config, env);
  const shared = entryOf(readJson(path.join(project, '.mcp.json')), env);
  const dataDir = dataFolder(place);
  const set = { ...readEnv(dataFiles.dotenv(dataDir)), ...filled(env) };
  const runtime = readJson(dataFiles.runtime(dataDir));
  const running = textAt(runtime, 'url');
  const url = set['HUB_URL'] ?? own?.url ?? everywhere?.url ?? running;
  if (url === undefined) return undefined;
  const key =
    set['HUB_API_KEY'] ??
    own?.key ??
    (shared === undefined
      ? undefined
      : (env[KEY_VARIABLE] ?? readEnv(dataFiles.variables(dataDir))[KEY_VARIABLE])) ??
    everywhere?.key ??
    (isLocal(url) || url === running
      ? (set['API_KEY'] ?? textAt(readJson(dataFiles.secrets(dataDir)), 'API_KEY'))
      : undefined);
  if (key === undefined) return undefined;
  return {
    url: url.replace(/\/+$/, ''),
    key,
    agent: place.agent ?? own?.agent ?? shared?.agent ?? everywhere?.agent,
    certificate: url === running ? textAt(runtime, 'certificate') : undefined,
  };
}

function entryOf(config: unknown, env: Place['env']): Entry | undefined {
  const entry = at(config, 'mcpServers', SERVER);
  const url = textAt(entry, 'url');
  if (url === undefined) return undefined;
  const headers = at(entry, 'headers');
  const header = (wanted: string): string | undefined => {
    const names = typeof headers === 'object' && headers !== null ? Object.keys(headers) : [];
    const name = names.find((one) => one.toLowerCase() === wanted);
    return name === undefined ? undefined : expand(textAt(headers, name), env);
  };
  const key = BEARER.exec(header('authorization') ?? '')?.[1] ?? header('x-api-key');
  return { url: expand(url, env)?.replace(ENDPOINT, ''), key, agent: header('x-agent-id') };
}

/** As Claude Code does it: `${NAME}` and `${NAME:-otherwise}`. */
function expand(text: string | undefined, env: Place['env']): string | undefined {
  const variable = /\$\{(\w+)(?::-([^}]*))?\}/g;
  const valueOf = (name = '', otherwise?: string): string | undefined => env[name] ?? otherwise;
  if (text === undefined) return undefined;
  for (const [, name, otherwise] of text.matchAll(variable))
    if (valueOf(name, otherwise) === undefined) return undefined;
  return text.replace(variable, (_all, name: string, otherwise?: string) => valueOf(name, otherwise) ?? '');
}

function isLocal(url: string): boolean {
  return isLoopback(URL.parse(url)?.hostname ?? '');
}

/** Empty texts count as not set. */
function filled(env: Place['env']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, text = '']) => (text.trim() === '' ? [] : [[name, text.trim()]])),
  );
}

function at(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (part, name) =>
      typeof part === 'object' && part !== null && Object.hasOwn(part, name)
        ? (part as Readonly<Record<string, unknown>>)[name]
        : undefined,
    value,
  );
}

function textAt(value: unknown, name: string): string | undefined {
  const text = at(value, name);
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** Undefined: it is not there, or no JSON. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function readEnv(file: string): Record<string, string> {
  try {
    return filled(parseEnv(readFileSync(file, 'utf8')));
  } catch {
    return {};
  }
}
