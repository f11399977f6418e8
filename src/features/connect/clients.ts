/** The clients that `connect` knows: where each keeps its MCP servers, in which shape, and how it is recognised. */
import path from 'node:path';
import type { Surroundings } from '../../config/env.ts';
import { own } from './own-command.ts';

export type Scope = 'user' | 'project';
export const SCOPES: readonly Scope[] = ['user', 'project'];

export type Place = Pick<Surroundings, 'env' | 'home' | 'platform' | 'cwd' | 'package'>;

/** What the entry of a client says. */
export interface Link {
  /** Address of the hub, without a path. */
  readonly url: string;
  /** The key, or in a project what stands for it. */
  readonly key: string;
  readonly agentId: string;
}

/** JSON that is written into a file. */
export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };

/** One change of a file. */
export type Edit =
  /** Sets the value below these names. */
  | { readonly at: readonly string[]; readonly set: Value }
  /** Adds an item to the list below these names, unless one with the same `id` is there. */
  | { readonly at: readonly string[]; readonly add: Value };

export interface ClientFile {
  readonly path: string;
  readonly syntax: 'json' | 'toml';
  /** What stands for a key in it; undefined: the key itself. */
  readonly variable?: (name: string) => string;
  readonly edits: (link: Link) => readonly Edit[];
}

export interface ConnectableClient {
  readonly id: string;
  readonly name: string;
  /** Programs and folders of which one is there where the client is installed. */
  readonly signs: (place: Place) => {
    readonly programs: readonly string[];
    readonly paths: readonly string[];
  };
  readonly user: (place: Place) => ClientFile;
  /** Undefined: the client has no files of projects, or none that could do without the key itself. */
  readonly project?: (place: Place) => ClientFile;
}

/** The name under which clients know the hub. */
export const SERVER = 'hub';

type Shape = (link: Link, variables: boolean) => Value;

const headersOf = ({ key, agentId }: Link): { readonly [name: string]: string } => ({
  Authorization: `Bearer ${key}`,
  'X-Agent-Id': agentId,
});
const mcp = ({ url }: Link): string => `${url}/mcp`;

/** Most clients: a URL under one name or another, and headers. */
const http =
  (field: string, more: { readonly [name: string]: Value } = {}): Shape =>
  (link) => ({ ...more, [field]: mcp(link), headers: headersOf(link) });

/** Codex expands nothing in headers, but takes the key from a variable. */
const codex: Shape = (link, variables) =>
  variables
    ? { url: mcp(link), bearer_token_env_var: link.key, http_headers: { 'X-Agent-Id': link.agentId } }
    : { url: mcp(link), http_headers: headersOf(link) };

const braces = (name: string): string => `\${${name}}`;
const envBraces = (name: string): string => `\${env:${name}}`;
const bare = (name: string): string => name;

function file(
  at: string,
  list: string,
  shape: Shape,
  more: {
    syntax?: 'toml';
    variable?: (name: string) => string;
    before?: (link: Link) => readonly Edit[];
  } = {},
): ClientFile {
  const { syntax = 'json', variable, before } = more;
  return {
    path: at,
    syntax,
    ...(variable === undefined ? {} : { variable }),
    edits: (link) => [
      ...(before?.(link) ?? []),
      { at: [list, SERVER], set: shape(link, variable !== undefined) },
    ],
  };
}

/** Where programs with a window keep their settings. */
function appData({ env, home, platform }: Place, ...parts: string[]): string {
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', ...parts);
  if (platform === 'win32')
    return path.join(env['APPDATA'] ?? path.join(home, 'AppData', 'Roaming'), ...parts);
  return path.join(env['XDG_CONFIG_HOME'] ?? path.join(home, '.config'), ...parts);
}

const claudeHome = ({ env, home }: Place): string => env['CLAUDE_CONFIG_DIR'] ?? home;
const codexHome = ({ env, home }: Place): string => env['CODEX_HOME'] ?? path.join(home, '.codex');

/** VS Code asks for it once and keeps it in the system's key ring. */
const VSCODE_INPUT = 'hub-key';
const vscodeInput: Edit = {
  at: ['inputs'],
  add: {
    type: 'promptString',
    id: VSCODE_INPUT,
    description: 'Key of the shared context hub',
    password: true,
  },
};

export const CLIENTS: readonly ConnectableClient[] = [
  {
    id: 'claude-code',
    name: 'Claude Code',
    signs: (p) => ({
      programs: ['claude'],
      paths: [path.join(p.home, '.claude'), path.join(claudeHome(p), '.claude.json')],
    }),
    user: (p) => file(path.join(claudeHome(p), '.claude.json'), 'mcpServers', http('url', { type: 'http' })),
    project: (p) =>
      file(path.join(p.cwd, '.mcp.json'), 'mcpServers', http('url', { type: 'http' }), { variable: braces }),
  },
  {
    id: 'codex',
    name: 'Codex',
    signs: (p) => ({ programs: ['codex'], paths: [codexHome(p)] }),
    user: (p) => file(path.join(codexHome(p), 'config.toml'), 'mcp_servers', codex, { syntax: 'toml' }),
    project: (p) =>
      file(path.join(p.cwd, '.codex', 'config.toml'), 'mcp_servers', codex, {
        syntax: 'toml',
        variable: bare,
      }),
  },
  {
    id: 'gemini',
    name: 'Gemini CLI',
    // The folder alone may be Antigravity's.
    signs: (p) => ({ programs: ['gemini'], paths: [path.join(p.home, '.gemini', 'settings.json')] }),
    user: (p) => file(path.join(p.home, '.gemini', 'settings.json'), 'mcpServers', http('httpUrl')),
    project: (p) =>
      file(path.join(p.cwd, '.gemini', 'settings.json'), 'mcpServers', http('httpUrl'), { variable: braces }),
  },
  {
    id: 'antigravity',
    name: 'Antigravity',
    signs: (p) => ({
      programs: ['agy', 'antigravity'],
      paths: [path.join(p.home, '.gemini', 'config'), path.join(p.home, '.gemini', 'antigravity')],
    }),
    user: (p) =>
      file(path.join(p.home, '.gemini', 'config', 'mcp_config.json'), 'mcpServers', http('serverUrl')),
  },
  {
    id: 'cursor',
    name: 'Cursor',
    signs: (p) => ({ programs: ['cursor', 'cursor-agent'], paths: [path.join(p.home, '.cursor')] }),
    user: (p) => file(path.join(p.home, '.cursor', 'mcp.json'), 'mcpServers', http('url')),
    project: (p) =>
      file(path.join(p.cwd, '.cursor', 'mcp.json'), 'mcpServers', http('url'), { variable: envBraces }),
  },
  {
    id: 'vscode',
    name: 'VS Code',
    signs: (p) => ({ programs: ['code'], paths: [appData(p, 'Code', 'User')] }),
    user: (p) => file(appData(p, 'Code', 'User', 'mcp.json'), 'servers', http('url', { type: 'http' })),
    project: (p) =>
      file(path.join(p.cwd, '.vscode', 'mcp.json'), 'servers', http('url', { type: 'http' }), {
        variable: () => `\${input:${VSCODE_INPUT}}`,
        before: () => [vscodeInput],
      }),
  },
  {
    id: 'claude-desktop',
    name: 'Claude Desktop',
    signs: (p) => ({ programs: [], paths: [appData(p, 'Claude')] }),
    user: (p) =>
      file(appData(p, 'Claude', 'claude_desktop_config.json'), 'mcpServers', (link) => {
        const { command, args } = own(p.package, ['stdio', '--agent', link.agentId]);
        const { XDG_DATA_HOME: data, HUB_URL: hub } = p.env;
        const env = {
          HUB_API_KEY: link.key,
          ...(data === undefined ? {} : { XDG_DATA_HOME: data }),
          ...(hub === undefined ? {} : { HUB_URL: hub }),
        };
        return { command, args, env };
      }),
  },
  {
    id: 'windsurf',
    name: 'Windsurf',
    signs: (p) => ({ programs: ['windsurf'], paths: [path.join(p.home, '.codeium', 'windsurf')] }),
    user: (p) =>
      file(path.join(p.home, '.codeium', 'windsurf', 'mcp_config.json'), 'mcpServers', http('serverUrl')),
  },
  {
    id: 'qwen',
    name: 'Qwen Code',
    signs: (p) => ({ programs: ['qwen'], paths: [path.join(p.home, '.qwen')] }),
    user: (p) => file(path.join(p.home, '.qwen', 'settings.json'), 'mcpServers', http('httpUrl')),
    project: (p) =>
      file(path.join(p.cwd, '.qwen', 'settings.json'), 'mcpServers', http('httpUrl'), { variable: braces }),
  },
  {
    id: 'kiro',
    name: 'Kiro',
    signs: (p) => ({ programs: ['kiro', 'kiro-cli'], paths: [path.join(p.home, '.kiro')] }),
    user: (p) => file(path.join(p.home, '.kiro', 'settings', 'mcp.json'), 'mcpServers', http('url')),
    project: (p) =>
      file(path.join(p.cwd, '.kiro', 'settings', 'mcp.json'), 'mcpServers', http('url'), {
        variable: braces,
      }),
  },
];

/** The environment variable in which a client's files of projects expect its key. */
export function variableOf({ id }: ConnectableClient): string {
  return `HUB_KEY_${id.toUpperCase().replaceAll('-', '_')}`;
}
