/** What the middlewares leave on a request for those after them. */
import type { Credential } from '../auth/types.ts';
import type { Principal } from '../context.ts';
import type { RequestSpan } from '../telemetry/tracing.ts';

export interface HubVariables {
  /** Also the X-Request-Id of the answer and the request_id of its error object. */
  requestId: string;
  /** Set behind `requireCredential`. */
  credential?: Credential;
  /** Set by a route that has asked which agent it is; the request log shows it. */
  principal?: Pick<Principal, 'keyId' | 'agentId'>;
  /** Where requests are traced. */
  span?: RequestSpan;
  /** A signal that aborts when the request has taken too long; made for those who ask. */
  deadline?: () => AbortSignal;
  /** Ends what the limits hold of this request; see `exemptFromLimits`. */
  releaseSlot?: () => void;
  cancelTimeout?: () => void;
}

/** The environment of the Hono app and of what is mounted in it. */
export interface HubEnv {
  Variables: HubVariables;
}
