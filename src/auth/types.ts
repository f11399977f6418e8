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
  /** Agent ids the key may act as; null: any that are free or its own. */
  readonly agentIds: readonly string[] | null;
  readonly agentTypes: readonly string[] | null;
  /** When it stops being good if nothing ends it before, in milliseconds since the epoch; null: never. */
  readonly until: number | null;
  /** Whether it is an access token rather than the key itself. */
  readonly byToken?: true;
  /** Set where it is the cookie of a login: what changes asked for with it must carry. */
  readonly login?: { readonly csrfToken: string };
}

export interface ClientInfo {
  readonly name: string;
  readonly version: string;
}

export interface Authenticator {
  /**
   * `address` is the client's, see `clientAddress`.
   * @throws HubError AUTHENTICATION_FAILED, always with the same words; RATE_LIMITED for too many from an address.
   */
  verify(headers: Headers, address: string): Promise<Credential>;
  /**
   * Which agent the request is: the key's fixed agent, else the headers `X-Agent-Id` and `X-Agent-Type`, else one named
   * after the client. Registers the agent on first sight.
   * @throws HubError PERMISSION_DENIED where headers contradict what is fixed.
   */
  identify(credential: Credential, headers: Headers, client?: ClientInfo): Promise<Principal>;
}
