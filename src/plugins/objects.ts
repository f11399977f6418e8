/** What plugins are told: the objects of the public contract, events, and writes that are about to happen. */

export interface Message {
  readonly id: number;
  readonly session_id: string;
  readonly sender: string;
  readonly sender_type: string;
  readonly content: string;
  readonly visibility: 'public' | 'private' | 'agent_only' | 'admin_only';
  readonly to: readonly string[];
  readonly message_type: string;
  readonly parent_message_id: number | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly pinned: boolean;
  readonly timestamp: string;
  readonly imported?: true | undefined;
}

export interface Session {
  readonly session_id: string;
  readonly purpose: string;
  readonly created_by: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly last_message_at: string | null;
  readonly is_active: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** As far as the plugin sees. */
  readonly message_count: number;
  readonly participants: readonly string[];
}

/** An entry without its value, which `get_memory` gives. */
export interface MemoryEntry {
  readonly key: string;
  readonly scope: 'agent' | 'shared';
  readonly session_id: string | null;
  readonly version: number;
  readonly updated_by: string;
}

export interface Lease {
  readonly lease_id: string;
  readonly resources: readonly string[];
  readonly mode: 'exclusive' | 'shared';
  readonly holder: string;
  readonly reason: string | null;
  readonly session_id: string | null;
  readonly fencing_token: number;
  readonly granted_at: string;
  readonly expires_at: string;
}

/** What happens, by the name under which a plugin listens to it. */
export interface HubEvents {
  'session.created': { readonly session: Session };
  'session.updated': { readonly session: Session };
  'message.added': { readonly message: Message };
  /** Its visibility is another one. */
  'message.updated': { readonly message: Message };
  'memory.changed': { readonly change: 'set' | 'deleted'; readonly entry: MemoryEntry };
  'lease.granted': { readonly lease: Lease };
  /** `ended`: how. */
  'lease.released': { readonly lease: Lease; readonly ended: string };
  /** An agent of the workspace came: its first request, or the first after it was no longer online. */
  'agent.seen': { readonly agent_id: string; readonly agent_type: string; readonly at: string };
  /** A call of a tool in the workspace has ended, by whatever door. For plugins with `admin`. */
  'tool.called': {
    readonly tool: string;
    readonly agent_id: string;
    readonly ms: number;
    /** The code of its error; null: it succeeded. */
    readonly code: string | null;
  };
  /** A part of the hub does better or worse than before. For plugins that look after the whole hub. */
  'health.changed': {
    readonly part: string;
    readonly status: 'healthy' | 'degraded' | 'failed';
    readonly was: 'healthy' | 'degraded' | 'failed';
    readonly reason: string | null;
  };
  /** How busy the process was in the last ten seconds. For plugins that look after the whole hub. */
  'metrics.sampled': {
    readonly rss_bytes: number;
    /** Processors in use, on average. */
    readonly cpu: number;
    readonly loop_p99_ms: number;
    readonly loop_max_ms: number;
  };
  /** The hub stops. What is not done at `deadline` (ISO 8601) is cut off. */
  'hub.stopping': { readonly deadline: string };
}
