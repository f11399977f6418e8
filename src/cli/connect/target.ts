/** The files that a run of `connect` is about. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { nearest } from '../../config/nearest.ts';
import { toIdPart } from '../../features/agents/service.ts';
import { CliError, EXIT } from '../output.ts';
import {
  CLIENTS,
  type ClientFile,
  type ConnectableClient,
  type Edit,
  type Link,
  type Place,
  type Scope,
  SERVER,
  variableOf,
} from '../../features/connect/clients.ts';
import { hooksEdits, hooksFile } from './hooks.ts';
import { isInstalled } from '../../features/connect/own-command.ts';
import { SYNTAXES } from '../../features/connect/syntax.ts';
import { UneditableError } from '../../features/connect/uneditable.ts';

export interface Target {
  readonly client: ConnectableClient;
  readonly scope: Scope;
  readonly kind: 'server' | 'hooks';
  readonly path: string;
  readonly syntax: ClientFile['syntax'];
  /** The environment variable that the file names in place of its key; undefined: it holds the key. */
  readonly variable: string | undefined;
  readonly edits: (link: Link) => readonly Edit[];
}

const ALIASES: Readonly<Record<string, string>> = { claude: 'claude-code', code: 'vscode' };
const MAX_ID = 100;

/** @throws CliError naming the client that was probably meant. */
export function clientNamed(name: string): ConnectableClient {
  const id = ALIASES[name] ?? name;
  const client = CLIENTS.find((one) => one.id === id);
  if (client !== undefined) return client;
  const ids = CLIENTS.map((one) => one.id);
  const meant = nearest(
    name,
    ids.map((one) => one.toUpperCase()),
  )?.toLowerCase();
  const hint = meant === undefined ? `It knows ${ids.join(', ')}` : `Did you mean ${meant}`;
  throw new CliError(
    EXIT.usage,
    `schub knows no client ${JSON.stringify(name)}. ${hint}${meant === undefined ? '.' : '?'}`,
  );
}

/** Whether a program of the client is on the PATH, or one of its files or folders is there. */
export function isPresent({ signs }: ConnectableClient, place: Place): boolean {
  const { programs, paths } = signs(place);
  return programs.some((program) => isInstalled(program, place.env)) || paths.some((one) => existsSync(one));
}

/** The file of a client's servers; undefined: it has none in that scope. */
export function serverTarget(client: ConnectableClient, scope: Scope, place: Place): Target | undefined {
  const file = scope === 'user' ? client.user(place) : client.project?.(place);
  if (file === undefined) return undefined;
  const { variable: form, path, syntax, edits } = file;
  const variable = form === undefined ? undefined : variableOf(client);
  return {
    ...{ client, scope, kind: 'server' as const, path, syntax, variable },
    edits: (link) =>
      edits(form === undefined || variable === undefined ? link : { ...link, key: form(variable) }),
  };
}

export function hooksTarget(client: ConnectableClient, scope: Scope, place: Place): Target {
  return {
    ...{ client, scope, kind: 'hooks', syntax: 'json', variable: undefined },
    path: hooksFile(place, scope),
    edits: () => hooksEdits(place, scope),
  };
}

/**
 * Who a client is on the hub: in a project `<client>.<folder>`, else `<client>@<user>`. Two projects are two agents with an
 * inbox each.
 */
export function wantedAgentId({ id }: ConnectableClient, scope: Scope, { env, home, cwd }: Place): string {
  const of =
    scope === 'project' ? path.basename(cwd) : (env['USER'] ?? env['USERNAME'] ?? path.basename(home));
  return toIdPart(`${id}${scope === 'project' ? '.' : '@'}${of || 'me'}`, MAX_ID);
}

/**
 * The agent id of an entry that is there already and leads to a hub; undefined: there is none.
 * @throws UneditableError if it leads somewhere else, and so is not ours to replace.
 */
export function agentIdThere({ syntax, edits }: Target, text: string, url: string): string | undefined {
  const at = edits({ url, key: '', agentId: '' }).find((edit) => 'set' in edit)?.at ?? [];
  const there = SYNTAXES[syntax].value(text, at);
  if (there === undefined) return undefined;
  const said = JSON.stringify(there);
  const isHub =
    said.includes(`"${url}/mcp`) ||
    /"https?:\/\/(127\.0\.0\.1|localhost|\[::1\]):\d+\/mcp\/?"/.test(said) ||
    /schub|shared-context-hub/.test(said);
  if (!isHub)
    throw new UneditableError(
      `has another server called ${SERVER} (${at.join('.')}); rename it or remove it first`,
    );
  return /"X-Agent-Id":"([A-Za-z0-9._@-]{1,100})"/.exec(said)?.[1];
}
