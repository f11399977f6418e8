/** What a request proves about its sender, before (credential) and after (principal) it is known which agent it is. */
import type { Permission, Principal } from '../context.ts';

/** A verified key, or an access token of it. */
export interface Credential {
  readonly keyId: string;
  readonly keyName: string;
  readonly workspace: string;
  readonly permissions: ReadonlySet<Permission>;
  /** The one agent it acts as, if it is bound to one; a token always is. */
  readonly agentId: string | null;
  readonly agentTypes: readonly string[] | null;
  /** Whether it is an access token rather than the key itself. */
  readonly byToken?: true;
}

export interface ClientInfo {
  readonly name: string;
  readonly version: string;
}

export interface Authenticator {
  /** @throws HubError AUTHENTICATION_FAILED, always with the same words. */
  verify(headers: Headers): Promise<Credential>;
  /**
   * Which agent the request is: the key's fixed agent, else the headers `X-Agent-Id` and `X-Agent-Type`, else one named
   * after the client. Registers the agent on first sight.
   * @throws HubError PERMISSION_DENIED where headers contradict what is fixed.
   */
  identify(credential: Credential, headers: Headers, client?: ClientInfo): Promise<Principal>;
}
