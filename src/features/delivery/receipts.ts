/** What became of messages with those they speak to, for who wrote them. */
import { may, type Ctx } from '../../context.ts';
import type { DeliveryWay, MessageRow, NamedAgent, ReceiptRow, Store } from '../../store/port.ts';
import { addresseesOf } from '../messages/addressing.ts';
import { sightOf, typeAudience } from '../messages/visibility.ts';
import type { Recorder } from './recorder.ts';

export interface Receipt {
  readonly agent_id: string;
  readonly state: 'queued' | 'delivered' | 'acknowledged';
  /** How it was delivered; null while it is queued. */
  readonly by: DeliveryWay | null;
  /** Since when it is in this state, in milliseconds since the epoch; null while it is queued. */
  readonly at: number | null;
}

export interface ReceiptsDeps {
  readonly store: Pick<Store, 'read'>;
  readonly recorder: Pick<Recorder, 'pendingOf'>;
}

/** Of one message: more agents of a type are not listed. */
const MAX_RECEIPTS = 100;

/**
 * The receipts of those messages that the caller wrote, or with admin of all, by message id: of every agent they name, that
 * they mention or answer, and of the agents of the types they name. `messages` are of one session.
 */
export function createReceipts({ store, recorder }: ReceiptsDeps) {
  return async (
    ctx: Ctx,
    messages: readonly MessageRow[],
  ): Promise<ReadonlyMap<number, readonly Receipt[]>> => {
    const { principal } = ctx;
    const isMine = ({ sender }: MessageRow) => sender.toLowerCase() === principal.agentId.toLowerCase();
    const own = messages.filter((row) => !row.imported && (may(principal, 'admin') || isMine(row)));
    const parents = new Map<number, MessageRow>();
    const parentIds = [...new Set(own.flatMap(({ parentId }) => parentId ?? []))];
    for (const row of await store.read.messages.rows(parentIds, sightOf(principal))) parents.set(row.id, row);
    const agents = createLookup(store, await workspaceOf(own, principal.workspace));
    const receipts = new Map<number, readonly Receipt[]>();
    for (const row of own) {
      const parent = row.parentId === null ? undefined : parents.get(row.parentId);
      receipts.set(row.id, await receiptsOf(row, parent, agents));
    }
    return receipts;
  };

  /** All of one session. */
  async function workspaceOf([first]: readonly MessageRow[], workspace: string): Promise<string> {
    const session =
      first === undefined ? undefined : await store.read.sessions.get(workspace, first.sessionId);
    return session?.workspace ?? workspace;
  }

  async function receiptsOf(row: MessageRow, parent: MessageRow | undefined, agents: Lookup) {
    const inReplyTo = parent?.imported === false ? parent.sender : undefined;
    const names = addresseesOf({ to: row.to, content: row.content, sender: row.sender, inReplyTo });
    if (names.length === 0) return [];
    const known = new Map<string, Receipt>();
    // Those who are named, though nobody has that id yet.
    for (const id of row.to) if (!id.includes(':')) known.set(id.toLowerCase(), queued(id));
    const byPk = new Map<number, NamedAgent>();
    for (const agent of await agents(names)) {
      if (agent.agentId.toLowerCase() === row.sender.toLowerCase()) continue;
      known.set(agent.agentId.toLowerCase(), queued(agent.agentId));
      byPk.set(agent.pk, agent);
    }
    const stored = await store.read.deliveries.receipts([row.id], MAX_RECEIPTS);
    for (const receipt of stored)
      known.set(receipt.agentId.toLowerCase(), toReceipt(receipt.agentId, receipt));
    for (const receipt of recorder.pendingOf(row.id)) {
      const agentId = byPk.get(receipt.agentPk)?.agentId;
      if (agentId === undefined) continue;
      const before = stored.find(({ agentPk }) => agentPk === receipt.agentPk);
      known.set(agentId.toLowerCase(), toReceipt(agentId, merged(before, receipt)));
    }
    return [...known.values()].slice(0, MAX_RECEIPTS);
  }
}

type Lookup = (names: readonly string[]) => Promise<readonly NamedAgent[]>;

/** The agents behind names of addressees; each name is looked up once. */
function createLookup(store: Pick<Store, 'read'>, workspace: string): Lookup {
  const found = new Map<string, Promise<readonly NamedAgent[]>>();
  const { deliveries } = store.read;
  const find = (name: string): Promise<readonly NamedAgent[]> => {
    const [kind, rest] = [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)];
    return `${kind}:` === typeAudience('')
      ? deliveries.agentsOfType(workspace, rest, MAX_RECEIPTS)
      : deliveries.agents(workspace, [rest]);
  };
  return async (names) => {
    const all = await Promise.all(
      names.map((name) => {
        const asked = found.get(name) ?? find(name);
        found.set(name, asked);
        return asked;
      }),
    );
    return all.flat();
  };
}

const queued = (agentId: string): Receipt => ({ agent_id: agentId, state: 'queued', by: null, at: null });

function toReceipt(agentId: string, { by, deliveredAt, acknowledgedAt }: ReceiptRow): Receipt {
  return acknowledgedAt === null
    ? { agent_id: agentId, state: 'delivered', by, at: deliveredAt }
    : { agent_id: agentId, state: 'acknowledged', by, at: acknowledgedAt };
}

/** What is stored, and what is on its way: the first delivery and the first acknowledgement stay. */
function merged(stored: ReceiptRow | undefined, pending: ReceiptRow): ReceiptRow {
  if (stored === undefined) return pending;
  return { ...stored, acknowledgedAt: stored.acknowledgedAt ?? pending.acknowledgedAt };
}
