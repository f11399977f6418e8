/** Ends what was opened with a credential when the credential ends: streams, waits, calls under way, MCP sessions. */
import type { Services } from '../features/services.ts';
import type { McpEngines } from './engines/engines.ts';
import type { OpenRequests } from './open-requests.ts';

export interface FollowCredentialsDeps {
  readonly services: Pick<Services, 'keys' | 'agents' | 'accessTokens' | 'logins'>;
  readonly engines: Pick<McpEngines, 'endSessions'>;
  readonly open: OpenRequests;
}

/** How often is looked for what has expired: all of it stops within a second. */
const SWEEP_MS = 500;

/** Follows changes of keys, agents and tokens as they are made, and what expires by itself, until disposed of. */
export function followCredentials({ services, engines, open }: FollowCredentialsDeps): Disposable {
  const { keys, agents, accessTokens, logins } = services;
  keys.onChange((keyId, ended) => {
    void open.recheck(keyId);
    if (ended) engines.endSessions((principal) => principal.keyId === keyId);
  });
  logins.onEnd((keyId) => void open.recheck(keyId));
  accessTokens.onRevoke((keyId) => void open.recheck(keyId));
  agents.onLoss((loss) => {
    const { keyId, workspace, agentId } = loss;
    open.endAgent(loss);
    engines.endSessions((p) => p.keyId === keyId && p.workspace === workspace && p.agentId === agentId);
  });
  const timer = setInterval(() => {
    keys.sweep();
    void open.sweep();
  }, SWEEP_MS).unref();
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}
