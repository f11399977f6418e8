/** Logins of operators in a browser, as part of the port. */

export interface LoginRow {
  /** Hash of the text of the key it came from: it ends with that text. */
  readonly keyHash: string;
  readonly createdAt: number;
  /** Moves on with use. */
  readonly expiresAt: number;
}

export interface LoginReads {
  byHash(hash: string): Promise<LoginRow | undefined>;
}

export interface LoginWrites {
  insert(login: LoginRow & { readonly hash: string }): Promise<void>;
  extend(hash: string, expiresAt: number): Promise<void>;
  remove(hash: string): Promise<void>;
  /** Removes at most `limit` that expired before `time`; answers how many. */
  deleteExpired(time: number, limit: number): Promise<number>;
}
