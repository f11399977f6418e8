/** Who asks, and everything a call carries with it. */
import type { Logger } from './telemetry/log.ts';

export const PERMISSIONS = ['read', 'write', 'admin'] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** Shared by all who have the same: each request that waits holds one. */
const PERMISSION_SETS = new Map<string, ReadonlySet<Permission>>();

export function permissionsWhere(has: (permission: Permission) => boolean): ReadonlySet<Permission> {
  const list = PERMISSIONS.filter(has);
  const name = list.join();
  const set = PERMISSION_SETS.get(name) ?? new Set(list);
  PERMISSION_SETS.set(name, set);
  return set;
}

/** An authenticated caller: one agent under one key. */
export interface Principal {
  readonly keyId: string;
  readonly keyName: string;
  /** A workspace's name, or `*`: all (ALL_WORKSPACES). */
  readonly workspace: string;
  readonly permissions: ReadonlySet<Permission>;
  readonly agentId: string;
  readonly agentType: string;
  /** Whether the credential is of this agent alone, and so cannot become another. */
  readonly fixed?: true;
}

/** An idempotent write: the same key, agent, tool and arguments give the first success again. */
export interface Idempotency {
  readonly key: string;
  readonly tool: string;
  /** SHA-256 of the canonical arguments without the key itself. */
  readonly argsHash: string;
}

export interface Ctx {
  readonly principal: Principal;
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly idempotency?: Idempotency;
  /** Words to the client before the answer, where the door has a way for them. */
  readonly client?: {
    /** Whether it asked how far the call is. */
    readonly wantsProgress: boolean;
    /** How far the call is, rising from word to word. */
    progress(progress: number, total?: number, message?: string): Promise<void>;
  };
  /** To be called before a call waits for something to happen: it then takes no place from those that work. */
  readonly onWait?: () => void;
  /** What is done, as the audit log names it: the tool, the method of MCP, or the method and route of HTTP. */
  readonly action?: string;
}

export function may(principal: Principal, permission: Permission): boolean {
  return principal.permissions.has(permission);
}
