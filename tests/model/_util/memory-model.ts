/** Memory in the words of the README: places, versions, and entries that expire. */
import { CAST, type ActorName } from './actors.ts';
import { inSight, type ModelSession } from './messages-model.ts';

export interface Place {
  readonly by: ActorName;
  readonly scope: 'agent' | 'shared';
  readonly session: ModelSession | null;
}

export interface ModelEntry {
  readonly key: string;
  readonly scope: 'agent' | 'shared';
  readonly session: ModelSession | null;
  readonly value: unknown;
  readonly version: number;
  readonly updatedBy: ActorName;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number | null;
}

interface Conditions {
  readonly overwrite: boolean;
  readonly ifVersion: number | undefined;
}

const ownerOf = ({ by, scope }: Place): string => `${CAST[by].wall}/${scope === 'shared' ? '' : by}`;

export class MemoryModel {
  readonly #entries = new Map<string, ModelEntry>();

  #nameOf(place: Place, key: string): string {
    return `${ownerOf(place)}/${place.session?.id ?? ''}/${key}`;
  }

  get(place: Place, key: string, now: number): ModelEntry | undefined {
    const entry = this.#entries.get(this.#nameOf(place, key));
    return entry === undefined || (entry.expiresAt !== null && entry.expiresAt <= now) ? undefined : entry;
  }

  /** What writing (or, with `removing`, deleting) ends with; undefined: success. */
  refusalOf(
    place: Place,
    key: string,
    now: number,
    given: Conditions & { removing: boolean },
  ): string | undefined {
    if (place.session !== null && !inSight(place.by, place.session)) return 'SESSION_NOT_FOUND';
    const { overwrite, ifVersion, removing } = given;
    const old = this.get(place, key, now);
    if (removing && old === undefined) return 'MEMORY_NOT_FOUND';
    if (ifVersion !== undefined) return ifVersion === (old?.version ?? 0) ? undefined : 'VERSION_MISMATCH';
    return !removing && old !== undefined && !overwrite ? 'KEY_EXISTS' : undefined;
  }

  set(place: Place, key: string, value: unknown, now: number, expiresIn: number | undefined): ModelEntry {
    const old = this.get(place, key, now);
    const { by, scope, session } = place;
    const entry: ModelEntry = {
      ...{ key, scope, session, value, updatedBy: by, updatedAt: now, createdAt: old?.createdAt ?? now },
      version: (old?.version ?? 0) + 1,
      expiresAt: expiresIn === undefined ? null : now + expiresIn * 1000,
    };
    this.#entries.set(this.#nameOf(place, key), entry);
    return entry;
  }

  delete(place: Place, key: string): void {
    this.#entries.delete(this.#nameOf(place, key));
  }

  /** When entries expire, in no order. */
  expiries(): number[] {
    return [...this.#entries.values()].flatMap(({ expiresAt }) => expiresAt ?? []);
  }

  /** In no order. `session`: null for what belongs to none. */
  list(
    by: ActorName,
    where: {
      readonly session: ModelSession | null | 'all';
      readonly scope: 'agent' | 'shared' | undefined;
      prefix: string;
    },
    now: number,
  ): ModelEntry[] {
    const scopes = where.scope === undefined ? (['agent', 'shared'] as const) : [where.scope];
    return [...this.#entries].flatMap(([name, entry]) => {
      const { key, scope, session, expiresAt } = entry;
      const isMine = scopes.includes(scope) && name.startsWith(`${ownerOf({ by, scope, session })}/`);
      const isHere = where.session === 'all' || where.session === session;
      const lives = expiresAt === null || expiresAt > now;
      return isMine && isHere && lives && key.startsWith(where.prefix) ? [entry] : [];
    });
  }
}
