/** Names kept as small numbers: workspaces, audiences, senders. Ids never change, so they are cached per connection. */
import { boundedCache } from '../../lib/bounded-cache.ts';
import { normalizeSender } from '../../lib/sender.ts';
import { ALL_WORKSPACES, type Sight } from '../port.ts';
import type { Connection } from './connection.ts';

const CACHED_NAMES = 50_000;
/** Senders that share one normalized name; more than that is nobody's real case. */
const MAX_NAMESAKES = 100;

/** Looks names up; what does not exist has no number. */
export interface Names {
  workspace(name: string): number | undefined;
  /** The numbers of all audiences in `sight`. */
  audiences(sight: Sight): readonly number[];
  senders(workspace: string, name: string): readonly number[];
  /** To be called when a transaction was rolled back: names it made are gone. */
  forget(): void;
}

/** Looks names up and makes the missing ones; to be used inside a transaction. */
export interface NameMaker {
  workspace(name: string): number;
  audience(workspaceId: number, name: string): number;
  sender(workspaceId: number, name: string, type: string, imported: boolean): number;
  /** To be called when a transaction was rolled back: names it made are gone. */
  forget(): void;
}

/** A number per name, found by `find` and cached once it exists. */
function cached<A extends readonly (string | number)[]>(find: (...args: A) => number | undefined) {
  const cache = boundedCache<string, number>(CACHED_NAMES);
  const look = (...args: A): number | undefined => {
    const key = args.join('\u0000');
    const known = cache.get(key);
    if (known !== undefined) return known;
    const found = find(...args);
    if (found !== undefined) cache.set(key, found);
    return found;
  };
  return Object.assign(look, { forget: () => cache.clear() });
}

export function createNames({ sqlite }: Connection): Names {
  const findWorkspace = sqlite.prepare<[string], number>('SELECT id FROM workspaces WHERE name = ?').pluck();
  const workspace = cached((name: string) => findWorkspace.get(name));
  const findAudience = sqlite
    .prepare<[string, number], number>('SELECT id FROM audiences WHERE name = ? AND workspace_id = ?')
    .pluck();
  const audience = cached((name: string, workspaceId: number) => findAudience.get(name, workspaceId));
  const everywhere = sqlite.prepare<[string], number>('SELECT id FROM audiences WHERE name = ?').pluck();
  const sendersHere = sqlite
    .prepare<[string, number], number>(
      `SELECT id FROM senders WHERE norm = ? AND workspace_id = ? ORDER BY id LIMIT ${MAX_NAMESAKES}`,
    )
    .pluck();
  const sendersEverywhere = sqlite
    .prepare<[string], number>(`SELECT id FROM senders WHERE norm = ? ORDER BY id LIMIT ${MAX_NAMESAKES}`)
    .pluck();

  return {
    workspace,
    audiences(sight) {
      if (sight.workspace === ALL_WORKSPACES) return sight.audiences.flatMap((name) => everywhere.all(name));
      const workspaceId = workspace(sight.workspace);
      if (workspaceId === undefined) return [];
      return sight.audiences.flatMap((name) => audience(name, workspaceId) ?? []);
    },
    senders(workspaceName, name) {
      const norm = normalizeSender(name);
      if (workspaceName === ALL_WORKSPACES) return sendersEverywhere.all(norm);
      const workspaceId = workspace(workspaceName);
      return workspaceId === undefined ? [] : sendersHere.all(norm, workspaceId);
    },
    forget() {
      for (const known of [workspace, audience]) known.forget();
    },
  };
}

export function createNameMaker({ sqlite }: Connection): NameMaker {
  const findWorkspace = sqlite.prepare<[string], number>('SELECT id FROM workspaces WHERE name = ?').pluck();
  const workspace = cached((name: string) => findWorkspace.get(name));
  const findAudience = sqlite
    .prepare<[number, string], number>('SELECT id FROM audiences WHERE workspace_id = ? AND name = ?')
    .pluck();
  const makeAudience = sqlite
    .prepare<[number, string], number>(
      'INSERT INTO audiences (workspace_id, name) VALUES (?, ?) RETURNING id',
    )
    .pluck();
  const audience = cached(
    (workspaceId: number, name: string) =>
      findAudience.get(workspaceId, name) ?? makeAudience.get(workspaceId, name),
  );
  const findSender = sqlite
    .prepare<[number, string, string, number], number>(
      'SELECT id FROM senders WHERE workspace_id = ? AND name = ? AND type = ? AND imported = ?',
    )
    .pluck();
  const makeSender = sqlite
    .prepare<[number, string, string, number, string], number>(
      'INSERT INTO senders (workspace_id, name, type, imported, norm) VALUES (?, ?, ?, ?, ?) RETURNING id',
    )
    .pluck();
  const sender = cached(
    (workspaceId: number, name: string, type: string, imported: number) =>
      findSender.get(workspaceId, name, type, imported) ??
      makeSender.get(workspaceId, name, type, imported, normalizeSender(name)),
  );
  const must = (id: number | undefined, what: string): number => {
    if (id === undefined) throw new Error(`${what} has no id`);
    return id;
  };

  return {
    workspace: (name) => must(workspace(name), `workspace ${name}`),
    audience: (workspaceId, name) => must(audience(workspaceId, name), 'audience'),
    sender: (workspaceId, name, type, imported) =>
      must(sender(workspaceId, name, type, imported ? 1 : 0), 'sender'),
    forget() {
      for (const names of [workspace, audience, sender]) names.forget();
    },
  };
}
