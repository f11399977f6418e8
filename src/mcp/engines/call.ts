/** One authenticated MCP request on its way through an SDK to the surface. */
import type { Principal } from '../../context.ts';
import type { ClientInfo } from '../../auth/types.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { ToolSet } from '../surface.ts';

/** The protocol revisions an engine serves: those with sessions, or the stateless one. */
export type Era = '2025' | '2026';

export interface Call {
  readonly era: Era;
  readonly principal: Principal;
  readonly toolSet: ToolSet;
  readonly requestId: string;
  readonly log: Logger;
  /** Calls `stop` when the credential ends while the call is under way. */
  readonly onEnd: (stop: () => void) => void;
  /** To be called when the call begins to wait for something to happen. */
  readonly onWait?: () => void;
}

/** An HTTP request whose key has been verified; who it is depends on what the engine knows of its client. */
export interface McpRequest {
  readonly http: Request;
  /** The parsed JSON of a POST. */
  readonly body: unknown;
  readonly requestId: string;
  readonly keyId: string;
  readonly toolSet: ToolSet;
  /** Came to the address for the 2025 revisions alone: by somebody who wants what the client would not ask for. */
  readonly onlyLegacy: boolean;
  /** @throws HubError PERMISSION_DENIED. */
  readonly identify: (era: Era, client: ClientInfo | undefined) => Promise<Call>;
}

/**
 * The `authInfo` that both SDKs hand from an HTTP request to the handlers of its messages, by identity. Two requests of one
 * session run at the same time under different tokens, so nothing of the caller may live in the session.
 */
export class CallAuth {
  readonly token = '';
  readonly clientId: string;
  readonly scopes: string[] = [];
  readonly call: Call;

  constructor(call: Call) {
    this.clientId = call.principal.keyId;
    this.call = call;
  }
}
