/** Handles, logins and access tokens, as part of the port. */

/** Which agent a handle or a login stands for, and what it may do at most. */
export interface Grant {
  readonly keyId: string;
  readonly workspace: string;
  readonly agentId: string;
  readonly agentType: string;
  readonly permissions: readonly string[];
}

/** An agent that acts over a connection of another. */
export interface HandleRow extends Grant {
  readonly createdAt: number;
  readonly expiresAt: number;
  /** When another one took its place; it expires soon after. */
  readonly replacedAt: number | null;
  readonly revokedAt: number | null;
}

/** One login: all refresh tokens that came one from the other. */
export interface TokenFamilyRow extends Grant {
  readonly familyId: string;
  readonly createdAt: number;
  /** When its newest refresh token expires. */
  readonly expiresAt: number;
  readonly revokedAt: number | null;
}

export interface RefreshTokenRow {
  readonly family: TokenFamilyRow;
  readonly expiresAt: number;
  /** When it was exchanged for the next one. */
  readonly usedAt: number | null;
}

export interface HandleReads {
  byHash(hash: string): Promise<HandleRow | undefined>;
}

export interface HandleWrites {
  insert(handle: HandleRow & { readonly hash: string }): Promise<void>;
  /** Moves its end; does nothing if it was replaced or revoked. */
  extend(hash: string, expiresAt: number): Promise<void>;
  replace(hash: string, now: number, expiresAt: number): Promise<void>;
  revoke(hash: string, now: number): Promise<void>;
  /** Removes at most `limit` that expired before `time`; answers how many. */
  deleteExpired(time: number, limit: number): Promise<number>;
}

export interface TokenReads {
  /** Whether the access token was revoked, by itself or with its family. */
  isRevoked(jti: string, familyId: string): Promise<boolean>;
  refreshToken(hash: string): Promise<RefreshTokenRow | undefined>;
}

export interface TokenWrites {
  insertFamily(family: TokenFamilyRow): Promise<void>;
  /** Moves the end of its family with it. */
  insertRefresh(
    hash: string,
    token: { readonly familyId: string; readonly createdAt: number; readonly expiresAt: number },
  ): Promise<void>;
  useRefresh(hash: string, now: number): Promise<void>;
  revokeFamily(familyId: string, now: number): Promise<void>;
  /** Revokes one access token, which expires at `expiresAt` anyway. */
  revoke(jti: string, expiresAt: number): Promise<void>;
  /** Each removes at most `limit` that expired before `time` and answers how many; a family goes after its tokens. */
  deleteExpiredRefresh(time: number, limit: number): Promise<number>;
  deleteExpiredFamilies(time: number, limit: number): Promise<number>;
  deleteExpiredRevocations(time: number, limit: number): Promise<number>;
}
