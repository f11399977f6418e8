/**
 * Tells those who watch resources of what was committed. Changes of one resource are told together, twenty times a second
 * at most, and only to who may see something of what changed.
 */
import { boundedCache } from '../lib/bounded-cache.ts';
import { may, type Principal } from '../context.ts';
import type { EventBus } from '../events/bus.ts';
import { sightOf } from '../features/messages/visibility.ts';
import { homeWorkspace } from '../features/sessions/service.ts';
import { ALL_WORKSPACES, type CommittedEvent, type SessionLabel } from '../store/port.ts';
import type { Logger } from '../telemetry/log.ts';
import type { MayKnow } from './engines/changes.ts';
import type { McpEngines } from './engines/engines.ts';
import { inboxKey, isInboxOf, memoryKey, messagesKey, sessionKey } from './resource-keys.ts';

export interface AnnounceDeps {
  readonly bus: Pick<EventBus, 'listenToAll'>;
  readonly engines: Pick<McpEngines, 'announce' | 'watched'>;
  /** What the sessions with these pks are called; at most 1,000. */
  readonly labels: (pks: readonly number[]) => Promise<readonly SessionLabel[]>;
  /** The agents of a type. */
  readonly agentsOfType: (
    workspace: string,
    agentType: string,
    limit: number,
  ) => Promise<readonly { readonly agentId: string }[]>;
  readonly log: Logger;
}

/** What changed, and whoever of its workspace could see one of the changes. */
interface Changed {
  readonly workspace: string;
  /** A session's pk, or whose memory or inbox: an agent's id or `type:T`. */
  readonly of: number | string;
  readonly what: 'session' | 'messages' | 'memory' | 'inbox';
  readonly audiences: Set<string>;
}

const EVERY_MS = 50;
const MAX_LABELS = 1000;
/** Of a type, whose inboxes operators are told of. */
const MAX_AGENTS = 1000;
const KNOWN_SESSIONS = 50_000;
const AGENT = 'agent:';
const TYPE = 'type:';

export function announceChanges(deps: AnnounceDeps): Disposable {
  const { bus, engines, labels, agentsOfType, log } = deps;
  const sessionIds = boundedCache<number, string>(KNOWN_SESSIONS);
  let changed = new Map<string, Changed>();
  let timer: NodeJS.Timeout | undefined;
  let lastAt = -Infinity;

  function note(event: CommittedEvent, what: Changed['what'], of: Changed['of']): void {
    const { workspace, audiences } = event;
    const key = [workspace, what, of].join('\u0000');
    const known = changed.get(key) ?? { workspace, what, of, audiences: new Set<string>() };
    for (const audience of audiences) known.audiences.add(audience);
    changed.set(key, known);
  }

  function noteAll(event: CommittedEvent): void {
    const { kind, sessionPk, audiences, addressees = [] } = event;
    if (kind === 'memory.set' || kind === 'memory.deleted') {
      for (const audience of audiences)
        if (audience.startsWith(AGENT)) note(event, 'memory', audience.slice(AGENT.length));
      return;
    }
    const isMessage = kind === 'message.added' || kind === 'message.updated';
    if (sessionPk !== null && (isMessage || kind.startsWith('session.'))) note(event, 'session', sessionPk);
    if (sessionPk !== null && isMessage) note(event, 'messages', sessionPk);
    for (const name of addressees)
      note(event, 'inbox', name.startsWith(AGENT) ? name.slice(AGENT.length) : name);
  }

  async function tell(): Promise<void> {
    const all = [...changed.values()];
    changed = new Map();
    const pks = new Set(all.flatMap(({ of }) => (typeof of === 'number' && !sessionIds.has(of) ? of : [])));
    const unknown = [...pks];
    for (let i = 0; i < unknown.length; i += MAX_LABELS) {
      for (const { pk, sessionId } of await labels(unknown.slice(i, i + MAX_LABELS)))
        sessionIds.set(pk, sessionId);
    }
    const owners = new Map<Changed, ReadonlySet<string>>();
    for (const change of all) {
      const type = typeOf(change);
      if (type === undefined) continue;
      const agents = await agentsOfType(change.workspace, type, MAX_AGENTS);
      owners.set(change, new Set(agents.map(({ agentId }) => inboxKey(agentId))));
    }
    for (const change of all) {
      for (const resource of keysOf(change))
        engines.announce({ resource }, knowersOf(change, resource, owners.get(change)));
    }
  }

  function keysOf(change: Changed): readonly string[] {
    const { what, of } = change;
    if (typeof of === 'number') {
      const sessionId = sessionIds.get(of);
      if (sessionId === undefined) return [];
      return [what === 'session' ? sessionKey(sessionId) : messagesKey(sessionId)];
    }
    if (what === 'memory') return [memoryKey(of)];
    // Who is of a type, its watchers tell.
    if (typeOf(change) !== undefined) return [...engines.watched()].filter((key) => isInboxOf(key));
    return [inboxKey(of)];
  }

  const listening = bus.listenToAll((events) => {
    if (engines.watched().next().done === true) return;
    for (const event of events) noteAll(event);
    if (changed.size === 0) return;
    timer ??= setTimeout(
      () => {
        timer = undefined;
        lastAt = performance.now();
        tell().catch((err: unknown) => log.warn({ err }, 'changes could not be announced'));
      },
      Math.max(0, lastAt + EVERY_MS - performance.now()),
    ).unref();
  });

  return {
    [Symbol.dispose]() {
      listening[Symbol.dispose]();
      clearTimeout(timer);
    },
  };
}

/** The type whose inboxes changed, if it is not one agent's. */
function typeOf({ what, of }: Changed): string | undefined {
  return what === 'inbox' && String(of).startsWith(TYPE) ? String(of).slice(TYPE.length) : undefined;
}

/** `owned`: the inboxes of a type, as operators are told of them; its agents know themselves. */
function knowersOf(change: Changed, resource: string, owned?: ReadonlySet<string>): MayKnow {
  const { workspace, what, of, audiences } = change;
  const type = typeOf(change);
  const sees = (principal: Principal): boolean =>
    (principal.workspace === workspace || principal.workspace === ALL_WORKSPACES) &&
    sightOf(principal).audiences.some((audience) => audiences.has(audience));
  const isOf = ({ agentId, agentType }: Principal): boolean =>
    type === undefined
      ? of === agentId.toLowerCase()
      : type === agentType.toLowerCase() && resource === inboxKey(agentId);
  const isOwned = owned === undefined || owned.has(resource);
  return (principal) => {
    if (!may(principal, 'read')) return false;
    if (what === 'session' || what === 'messages') return sees(principal);
    // What is an agent's own is shown to it and to the operators of its workspace.
    const looksAfter = may(principal, 'admin') && homeWorkspace(principal) === workspace && isOwned;
    if (!looksAfter && !(principal.workspace === workspace && isOf(principal))) return false;
    return what === 'memory' || sees(principal);
  };
}
