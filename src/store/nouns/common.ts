/** What all nouns speak of. */

/** The workspace of a key that sees all workspaces. */
export const ALL_WORKSPACES = '*';

export type JsonObject = Readonly<Record<string, unknown>>;

/** What a caller may see: the audiences it belongs to, in one workspace or (`*`) in all. */
export interface Sight {
  readonly workspace: string;
  readonly audiences: readonly string[];
}
