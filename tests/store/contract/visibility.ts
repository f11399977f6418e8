/**
 * Contract of visibility: whatever is posted and changed, every door shows a caller exactly what the rules say, and every
 * count is the number of what it shows. The rules are written here once more, in the words of the contract.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Permission, Principal } from '../../../src/context.ts';
import { audiencesOf, sightOf } from '../../../src/features/messages/visibility.ts';
import { VISIBILITIES, type SessionRow, type Store, type Visibility } from '../../../src/store/port.ts';
import { messageOf, newSession, newWorkspace, T0, useStore, type StoreEngine } from '../engine.ts';

const AGENTS = [
  { agentId: 'ann', agentType: 'coder' },
  { agentId: 'Ben', agentType: 'Coder' },
  { agentId: 'cyd', agentType: 'tester' },
  { agentId: 'dan', agentType: 'ops' },
] as const;
type Agent = (typeof AGENTS)[number];

interface Post {
  /** Null: an imported label. */
  readonly sender: Agent | null;
  visibility: Visibility;
  readonly agents: readonly Agent[];
  readonly types: readonly string[];
}

type Step =
  | { readonly do: 'post'; readonly post: Post; readonly session: number }
  | { readonly do: 'change'; readonly nth: number; readonly visibility: Visibility };

const visibility = fc.constantFrom(...VISIBILITIES);
const agent = fc.constantFrom(...AGENTS);
const newPost: fc.Arbitrary<Post> = fc.record({
  sender: fc.oneof({ weight: 5, arbitrary: agent }, { weight: 1, arbitrary: fc.constant(null) }),
  visibility,
  agents: fc.uniqueArray(agent, { maxLength: 3 }),
  types: fc.uniqueArray(fc.constantFrom('coder', 'TESTER'), { maxLength: 2 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('post' as const), post: newPost, session: fc.nat(1) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('change' as const), nth: fc.nat(), visibility }) },
);

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** The rules of visibility, as users read them. */
function sees(caller: Agent | 'admin', { sender, visibility: value, agents, types }: Post): boolean {
  if (caller === 'admin') return true;
  const isSender = sender !== null && same(sender.agentId, caller.agentId);
  switch (value) {
    case 'public':
      return true;
    case 'admin_only':
      return false;
    case 'agent_only':
      return sender !== null && same(sender.agentType, caller.agentType);
    case 'private':
      // An imported message's recipients are labels as well.
      if (sender === null) return false;
      return (
        isSender ||
        agents.some((to) => same(to.agentId, caller.agentId)) ||
        types.some((type) => same(type, caller.agentType))
      );
  }
}

function principal(workspace: string, caller: Agent | 'admin'): Principal {
  const permissions = new Set<Permission>(caller === 'admin' ? ['read', 'admin'] : ['read']);
  const { agentId, agentType } = caller === 'admin' ? { agentId: 'root', agentType: 'human' } : caller;
  return { keyId: 'k', keyName: 'k', workspace, permissions, agentId, agentType };
}

interface Stored extends Post {
  readonly id: number;
  readonly session: number;
  readonly name: string;
}

const audiences = ({ sender, visibility: value, agents, types }: Post): readonly string[] =>
  audiencesOf(value, sender, sender === null ? { agents: [], types: [] } : { agents, types });

async function play(
  store: Store,
  sessions: readonly SessionRow[],
  steps: readonly Step[],
): Promise<Stored[]> {
  const stored: Stored[] = [];
  for (const next of steps) {
    if (next.do === 'post') {
      const { post } = next;
      const name = post.sender?.agentId ?? 'Some Label';
      const row = messageOf(sessions[next.session]!, {
        ...{ sender: name, senderType: post.sender?.agentType ?? 'imported', imported: post.sender === null },
        ...{ visibility: post.visibility, audiences: audiences(post), createdAt: T0 + (stored.length % 5) },
      });
      const id = await store.write((tx) => tx.messages.insert(row));
      stored.push({ ...post, id, name, session: next.session });
    } else if (stored.length > 0) {
      const changed = stored[next.nth % stored.length]!;
      changed.visibility = next.visibility;
      await store.write((tx) => tx.messages.setVisibility(changed.id, next.visibility, audiences(changed)));
    }
  }
  return stored;
}

const ids = (rows: readonly { id: number }[]): number[] => rows.map((row) => row.id);
const sorted = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);

export function visibilities(engine: StoreEngine): void {
  describe('visibility', () => {
    const at = useStore(engine);

    it('is the same at every door, and counts are sums of it', async () => {
      const runs = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { store } = at;
        const here = await newWorkspace(store);
        const sessions = [await newSession(store, here), await newSession(store, here)];
        const stored = await play(store, sessions, steps);
        for (const [i, session] of sessions.entries()) {
          const all = stored.filter((message) => message.session === i);
          for (const caller of [...AGENTS, 'admin'] as const) {
            await check(store, session, caller, all);
          }
          expect(await store.write((tx) => tx.messages.countAll(session.pk))).toBe(all.length);
        }
        await checkSearches(store, here, stored);
      });
      await fc.assert(runs, { numRuns: 60 });
    });

    async function check(store: Store, session: SessionRow, caller: Agent | 'admin', all: readonly Stored[]) {
      const sight = sightOf(principal(session.workspace, caller));
      const visible = all.filter((message) => sees(caller, message));
      const page = (over: object) =>
        store.read.messages.page({ sessionPk: session.pk, sight, limit: 100, ...over });
      expect(ids((await page({})).messages)).toEqual(ids(visible));
      for (let after = 0, n = 0; ; n += 2) {
        const { messages, more } = await page({ after, limit: 2 });
        expect(ids(messages)).toEqual(ids(visible.slice(n, n + 2)));
        expect(more).toBe(visible.length > n + 2);
        after = messages.at(-1)?.id ?? after;
        if (!more) break;
      }
      const filtered = await page({ filters: { visibility: 'private', sender: 'BEN' } });
      const expected = visible.filter(
        (message) => message.visibility === 'private' && message.name === 'Ben',
      );
      expect(ids(filtered.messages)).toEqual(ids(expected));
      expect(await store.read.messages.count(session.pk, sight)).toBe(visible.length);
      const heads = await store.read.messages.heads(ids(all).reverse(), sight);
      expect(ids(heads)).toEqual(ids(visible).reverse());
      for (const message of all) {
        const got = await store.read.messages.get(message.id, sight);
        expect(got?.visibility).toBe(sees(caller, message) ? message.visibility : undefined);
      }
      const view = await store.read.sessions.view(session.workspace, session.sessionId, sight);
      expect(view?.messageCount).toBe(visible.length);
      expect(new Set(view?.participants)).toEqual(new Set(visible.map((message) => message.name)));
      expect(view?.lastMessageAt === null).toBe(visible.length === 0);
      if (visible.length > 0) expect(view?.lastSeq).toBe(visible.at(-1)?.id);
    }

    async function checkSearches(store: Store, here: string, stored: readonly Stored[]) {
      for (const caller of [...AGENTS, 'admin'] as const) {
        const sight = sightOf(principal(here, caller));
        const visible = stored.filter((message) => sees(caller, message));
        const byTime = await store.read.messages.byTime({ sight, start: T0, end: T0 + 9, limit: 100 });
        expect(sorted(ids(byTime.messages))).toEqual(ids(visible));
        const bySender = await store.read.messages.bySender({ sight, sender: 'some_label', limit: 100 });
        expect(sorted(ids(bySender.messages))).toEqual(
          ids(visible.filter((message) => message.sender === null)),
        );
        const { sessions } = await store.read.sessions.page({ sight, limit: 10 });
        const counts = sessions.map((session) => session.messageCount);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(visible.length);
        expect(sessions.map((session) => session.lastSeq)).toEqual(
          sorted(sessions.map((session) => session.lastSeq)).reverse(),
        );
      }
    }
  });
}
