/** Contract of the event log: what each audience may learn of, in the order of the commits, page by page. */
import { describe, expect, it } from 'vitest';
import {
  ALL_WORKSPACES,
  type EventPage,
  type EventRow,
  type NewEvent,
  type SessionRow,
  type Sight,
} from '../../../src/store/port.ts';
import { newSession, newWorkspace, post, seesPublic, useStore, type StoreEngine } from '../engine.ts';

const told = ({ kind, messageId, seq }: EventRow): string => `${kind} ${messageId ?? seq}`;

export function events(engine: StoreEngine): void {
  describe('events', () => {
    const at = useStore(engine);

    async function place(): Promise<{ here: string; session: SessionRow; start: number }> {
      const here = await newWorkspace(at.store);
      const session = await newSession(at.store, here);
      return { here, session, start: await at.store.read.events.head() };
    }

    const append = (event: Partial<NewEvent> & Pick<NewEvent, 'workspace'>): Promise<number> =>
      at.store.write((tx) =>
        tx.events.append({
          ...{ kind: 'session.updated', audiences: ['public'], sessionPk: null, messageId: null, data: null },
          ...event,
        }),
      );

    const pageOf = (sight: Sight, args: Partial<EventPage> & Pick<EventPage, 'after'>) =>
      at.store.read.events.page({ sight, limit: 100, ...args });

    it('are messages as they were posted and all that was appended, in one order', async () => {
      const { here, session, start } = await place();
      const first = await post(at.store, session);
      const data = JSON.stringify({ key: 'plan', version: 2 });
      const set = await append({ workspace: here, kind: 'memory.set', data });
      const second = await post(at.store, session);
      const opened = await append({ workspace: here, kind: 'session.created', sessionPk: session.pk });
      const page = await pageOf(seesPublic(here), { after: start });
      expect(page.events).toEqual([
        { seq: first, kind: 'message.added', sessionPk: session.pk, messageId: first, data: null },
        { seq: set, kind: 'memory.set', sessionPk: null, messageId: null, data },
        { seq: second, kind: 'message.added', sessionPk: session.pk, messageId: second, data: null },
        { seq: opened, kind: 'session.created', sessionPk: session.pk, messageId: null, data: null },
      ]);
      expect(page).toMatchObject({ more: false, upTo: await at.store.read.events.head() });
      expect(first < set && set < second && second < opened).toBe(true);
    });

    it('are those of the audiences of a caller, and of its workspace', async () => {
      const { here, session, start } = await place();
      const open = await post(at.store, session);
      const secret = await post(at.store, session, { audiences: ['admin', 'agent:bob'] });
      const own = await append({ workspace: here, kind: 'memory.set', audiences: ['agent:bob'] });
      const there = await newWorkspace(at.store);
      const foreign = await append({ workspace: there, kind: 'lease.granted' });
      const seen = async (workspace: string, ...audiences: string[]) =>
        (await pageOf({ workspace, audiences }, { after: start })).events.map(told);
      expect(await seen(here, 'public', 'type:coder', 'agent:carl')).toEqual([`message.added ${open}`]);
      expect(await seen(here, 'public', 'agent:bob')).toEqual([
        ...[`message.added ${open}`, `message.added ${secret}`, `memory.set ${own}`],
      ]);
      expect(await seen(here, 'public', 'admin')).toEqual([
        ...[`message.added ${open}`, `message.added ${secret}`],
      ]);
      expect(await seen(there, 'public', 'admin', 'agent:bob')).toEqual([`lease.granted ${foreign}`]);
      expect(await seen(ALL_WORKSPACES, 'public', 'admin')).toEqual([
        ...[`message.added ${open}`, `message.added ${secret}`, `lease.granted ${foreign}`],
      ]);
      expect(await seen('no workspace', 'public', 'admin')).toEqual([]);
      expect(await seen(here)).toEqual([]);
    });

    it('can be those of one session', async () => {
      const { here, session, start } = await place();
      const other = await newSession(at.store, here);
      const mine = await post(at.store, session);
      await post(at.store, other);
      await append({ workspace: here, kind: 'memory.set' });
      const changed = await append({ workspace: here, sessionPk: session.pk });
      await append({ workspace: here, sessionPk: other.pk });
      const page = await pageOf(seesPublic(here), { after: start, sessionPk: session.pk });
      expect(page.events.map(told)).toEqual([`message.added ${mine}`, `session.updated ${changed}`]);
      expect(page.upTo).toBe(await at.store.read.events.head());
    });

    it('come in pages that lose and repeat nothing, however the audiences mix', async () => {
      const { here, session, start } = await place();
      const all: number[] = [];
      for (let i = 0; i < 20; i++) {
        const hidden = i % 3 === 0 ? ['admin', 'agent:bob'] : i % 3 === 1 ? ['public'] : ['admin'];
        const seq =
          i % 4 === 0
            ? await append({ workspace: here, audiences: hidden })
            : await post(at.store, session, { audiences: hidden });
        if (hidden.some((one) => one !== 'admin')) all.push(seq);
      }
      const sight = { workspace: here, audiences: ['public', 'agent:bob'] };
      for (const limit of [1, 2, 3, 7, 50]) {
        const found: number[] = [];
        for (let after = start, more = true; more;) {
          const page = await pageOf(sight, { after, limit });
          expect(page.events.length).toBeLessThanOrEqual(limit);
          // Whoever goes on from any event of a page finds the same rest.
          found.push(...page.events.map(({ seq }) => seq));
          if (page.more) expect(page.upTo).toBe(found.at(-1));
          ({ upTo: after, more } = page);
        }
        expect(found).toEqual(all);
        for (const [i, seq] of all.entries())
          expect((await pageOf(sight, { after: seq })).events.map((event) => event.seq)).toEqual(
            all.slice(i + 1),
          );
      }
    });

    it('move their reader past what is hidden from it', async () => {
      const { here, session } = await place();
      const before = await at.store.read.events.head();
      for (let i = 0; i < 5; i++) await post(at.store, session, { audiences: ['admin'] });
      const page = await pageOf(seesPublic(here), { after: before, limit: 1 });
      expect(page).toEqual({ events: [], more: false, upTo: await at.store.read.events.head() });
      expect(page.upTo).toBeGreaterThan(before);
      // A position that has not been reached is not moved back.
      expect((await pageOf(seesPublic(here), { after: page.upTo + 9 })).upTo).toBe(page.upTo + 9);
    });

    it('of a message go with who sees it now', async () => {
      const { here, session, start } = await place();
      const message = await post(at.store, session, { audiences: ['admin', 'agent:bob'] });
      const change = (audiences: readonly string[], visibility: 'public' | 'private') =>
        at.store.write(async (tx) => {
          const had = await tx.messages.setVisibility(message, visibility, audiences);
          const data = JSON.stringify({ before: had });
          const event = { kind: 'message.updated', workspace: here, audiences, data } as const;
          await tx.events.append({ ...event, sessionPk: session.pk, messageId: message });
        });
      const seen = async (after: number) => (await pageOf(seesPublic(here), { after })).events;
      expect(await seen(start)).toEqual([]);
      await change(['public'], 'public');
      expect((await seen(start)).map(told)).toEqual([
        ...[`message.added ${message}`, `message.updated ${message}`],
      ]);
      const [updated] = await seen(message);
      expect(JSON.parse(updated?.data ?? '')).toEqual({ before: ['admin', 'agent:bob'] });
      await change(['admin'], 'private');
      // Of what it was told of then, the reader is told no more, but for that there was something: the message itself is asked for.
      expect((await seen(start)).map(told)).toEqual([`message.updated ${message}`]);
    });

    it('of a write that failed were never there', async () => {
      const { here, start } = await place();
      const failed = at.store.write(async (tx) => {
        const event = { workspace: here, audiences: ['public'], sessionPk: null, messageId: null };
        await tx.events.append({ ...event, kind: 'memory.set', data: null });
        throw new Error('no');
      });
      await expect(failed).rejects.toThrow('no');
      expect((await pageOf(seesPublic(here), { after: start })).events).toEqual([]);
    });
  });
}
