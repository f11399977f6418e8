/** Contract of messages: rows, pages, filters, threads and searches. */
import { describe, expect, it } from 'vitest';
import {
  ALL_WORKSPACES,
  type MessagePage,
  type NewMessage,
  type SessionRow,
} from '../../../src/store/port.ts';
import {
  messageOf,
  newSession,
  newWorkspace,
  post,
  seesPublic,
  T0,
  useStore,
  type StoreEngine,
} from '../engine.ts';

const idsOf = (rows: readonly { id: number }[]): number[] => rows.map((row) => row.id);

export function messages(engine: StoreEngine): void {
  describe('messages', () => {
    const at = useStore(engine);

    async function place(): Promise<{ here: string; session: SessionRow }> {
      const here = await newWorkspace(at.store);
      return { here, session: await newSession(at.store, here) };
    }

    async function page(session: SessionRow, over: Partial<MessagePage> = {}) {
      const sight = seesPublic(session.workspace);
      const found = await at.store.read.messages.page({ sessionPk: session.pk, sight, limit: 100, ...over });
      return { ids: idsOf(found.messages), more: found.more };
    }

    it('come back as they were given', async () => {
      const { here, session } = await place();
      const first = await post(at.store, session);
      const given: Partial<NewMessage> = {
        sender: 'Bob',
        senderType: 'tester',
        imported: true,
        content: 'line\nline \u0000 „Grüße“ 🙂\u202e "quoted" \\',
        visibility: 'agent_only',
        to: ['Alice', 'type:coder'],
        messageType: 'handoff',
        parentId: first,
        threadId: first,
        metadata: { deep: { list: [1, 'two', null, true] } },
        pinned: true,
        createdAt: T0 - 1,
      };
      const id = await post(at.store, session, given);
      const expected = { ...given, id, sessionPk: session.pk, sessionId: session.sessionId };
      expect(await at.store.read.messages.get(id, seesPublic(here))).toEqual(expected);
      expect(
        (await at.store.read.messages.page({ sessionPk: session.pk, sight: seesPublic(here), limit: 1 }))
          .messages,
      ).toEqual([expected]);
      const { content: _, ...head } = expected;
      const heads = await at.store.read.messages.heads([id, id + 1000, first], seesPublic(here));
      expect(heads).toEqual([head, expect.objectContaining({ id: first })]);
      expect(await at.store.read.messages.heads([], seesPublic(here))).toEqual([]);
    });

    it('come many at once, as far as the caller sees them and their texts fit', async () => {
      const { here, session } = await place();
      const over = { content: 'x'.repeat(1000) };
      const open = [await post(at.store, session, over), await post(at.store, session, over)];
      const secret = await post(at.store, session, { ...over, audiences: ['admin', 'agent:bob'] });
      const last = await post(at.store, session, { ...over, parentId: secret });
      const all = [last, ...open, secret, 999_999];
      const rows = async (list: readonly number[], maxBytes?: number, ...more: string[]) => {
        const sight = { workspace: here, audiences: ['public', ...more] };
        const found = await at.store.read.messages.rows(list, sight, maxBytes);
        return found.map(({ id, parentId }) => (parentId === null ? id : [id, parentId]));
      };
      expect(await rows(all)).toEqual([last, ...open]);
      expect(await rows(all, undefined, 'agent:bob')).toEqual([[last, secret], ...open, secret]);
      expect(await rows(all, 2500)).toEqual([last, open[0]]);
      // What is hidden takes no room.
      expect(await rows([secret, last], 10)).toEqual([last]);
      expect(await rows([...open, last], 10)).toEqual([open[0]]);
      expect(await rows([])).toEqual([]);
      const [row] = await at.store.read.messages.rows([last], seesPublic(here));
      expect(row).toEqual(await at.store.read.messages.get(last, seesPublic(here)));
    });

    it('are shown to those who may see them, by id too', async () => {
      const { here, session } = await place();
      const id = await post(at.store, session, { audiences: ['admin', 'agent:bob'] });
      const get = (workspace: string, ...audiences: string[]) =>
        at.store.read.messages.get(id, { workspace, audiences });
      expect(await get(here, 'public', 'agent:bob')).toMatchObject({ id });
      expect(await get(here, 'admin')).toMatchObject({ id });
      expect(await get(ALL_WORKSPACES, 'admin')).toMatchObject({ id });
      expect(await get(here, 'public', 'agent:carl')).toBeUndefined();
      expect(await get(await newWorkspace(at.store), 'public', 'admin', 'agent:bob')).toBeUndefined();
      expect(await get('no workspace', 'admin')).toBeUndefined();
      expect(await at.store.read.messages.get(id + 1_000_000, seesPublic(here))).toBeUndefined();
    });

    it('are paged from the newest, after and before a message', async () => {
      const { session } = await place();
      const all: number[] = [];
      for (let i = 0; i < 10; i++) {
        all.push(await post(at.store, session));
        await post(at.store, session, { audiences: ['admin', 'agent:bob'] });
      }
      expect(await page(session)).toEqual({ ids: all, more: false });
      expect(await page(session, { limit: 4 })).toEqual({ ids: all.slice(6), more: true });
      expect(await page(session, { limit: 4, before: all[4]! })).toEqual({
        ids: all.slice(0, 4),
        more: false,
      });
      expect(await page(session, { limit: 3, before: all[5]! })).toEqual({
        ids: all.slice(2, 5),
        more: true,
      });
      expect(await page(session, { limit: 3, after: all[2]! })).toEqual({ ids: all.slice(3, 6), more: true });
      expect(await page(session, { limit: 7, after: all[2]! })).toEqual({ ids: all.slice(3), more: false });
      expect(await page(session, { after: all[2]!, before: all[6]! })).toEqual({
        ids: all.slice(3, 6),
        more: false,
      });
      expect(await page(session, { limit: 2, after: 0 })).toEqual({ ids: all.slice(0, 2), more: true });
      expect(await page(session, { after: all[9]! })).toEqual({ ids: [], more: false });
    });

    it('are filtered by visibility, sender and type', async () => {
      const { session } = await place();
      const post1 = (over: Partial<NewMessage>) => post(at.store, session, over);
      const a = await post1({ sender: 'Test-Agent 1', messageType: 'question' });
      const b = await post1({ sender: 'test_agent_1', senderType: 'other', visibility: 'agent_only' });
      const c = await post1({ sender: 'somebody', messageType: 'question', visibility: 'private' });
      expect((await page(session, { filters: { sender: 'TESTAGENT1' } })).ids).toEqual([a, b]);
      expect((await page(session, { filters: { messageType: 'question' } })).ids).toEqual([a, c]);
      expect((await page(session, { filters: { visibility: 'private' } })).ids).toEqual([c]);
      expect((await page(session, { filters: { sender: 'somebody', messageType: 'message' } })).ids).toEqual(
        [],
      );
      expect((await page(session, { filters: { sender: 'nobody' } })).ids).toEqual([]);
      expect((await page(session, { filters: { messageType: 'question' }, after: a })).ids).toEqual([c]);
      expect(await page(session, { filters: { sender: 'test agent 1' }, limit: 1 })).toEqual({
        ids: [b],
        more: true,
      });
    });

    it('make threads, of which a caller sees its part', async () => {
      const { here, session } = await place();
      const first = await post(at.store, session);
      const reply = (over: Partial<NewMessage> = {}) =>
        post(at.store, session, { parentId: first, threadId: first, ...over });
      const second = await reply();
      await post(at.store, session);
      const hidden = await reply({ audiences: ['admin', 'agent:bob'] });
      const third = await reply({ sender: 'bob', parentId: second });
      const threadId = first;
      expect(await page(session, { threadId })).toEqual({ ids: [first, second, third], more: false });
      expect(await page(session, { threadId, limit: 2 })).toEqual({ ids: [second, third], more: true });
      expect(await page(session, { threadId, limit: 1, after: first })).toEqual({
        ids: [second],
        more: true,
      });
      expect((await page(session, { threadId, filters: { sender: 'bob' } })).ids).toEqual([third]);
      const sight = { workspace: here, audiences: ['public', 'agent:bob'] };
      expect((await page(session, { threadId, sight })).ids).toEqual([first, second, hidden, third]);
      expect((await page(await newSession(at.store, here), { threadId })).ids).toEqual([]);
    });

    it('are counted: those a caller sees, and all', async () => {
      const { here, session } = await place();
      await post(at.store, session);
      for (const audiences of [['admin'], ['admin', 'agent:bob'], ['admin', 'type:t', 'agent:bob']]) {
        await post(at.store, session, { audiences });
      }
      const count = (...audiences: string[]) =>
        at.store.read.messages.count(session.pk, { workspace: here, audiences });
      expect(await count('public')).toBe(1);
      expect(await count('public', 'agent:bob')).toBe(3);
      expect(await count('public', 'admin')).toBe(4);
      expect(await count('agent:nobody')).toBe(0);
      expect(await at.store.write((tx) => tx.messages.countAll(session.pk))).toBe(4);
      expect(await at.store.write((tx) => tx.messages.countAll(session.pk + 1_000_000))).toBe(0);
    });

    it('are found by sender, newest first, in one session or in all', async () => {
      const { here, session } = await place();
      const other = await newSession(at.store, here);
      const foreign = await newSession(at.store, await newWorkspace(at.store));
      const a = await post(at.store, session, { sender: 'Ann-Lee' });
      await post(at.store, session, { sender: 'bob' });
      await post(at.store, session, { sender: 'annlee', audiences: ['admin'] });
      const b = await post(at.store, other, { sender: 'ann lee', imported: true });
      const c = await post(at.store, session, { sender: 'ANNLEE' });
      await post(at.store, foreign, { sender: 'annlee' });
      const find = async (limit: number, sessionPk?: number) =>
        idsOf(
          (
            await at.store.read.messages.bySender({
              ...{ sight: seesPublic(here), sender: 'ann_lee', limit },
              ...(sessionPk === undefined ? {} : { sessionPk }),
            })
          ).messages,
        );
      expect(await find(10)).toEqual([c, b, a]);
      expect(await find(2)).toEqual([c, b]);
      expect(await find(10, session.pk)).toEqual([c, a]);
      expect(await find(1, session.pk)).toEqual([c]);
      const nobody = { sight: seesPublic(here), sender: 'nobody', limit: 5 };
      expect(await at.store.read.messages.bySender(nobody)).toEqual({ messages: [], more: false });
    });

    it('are found by time, oldest first, both ends included', async () => {
      const { here, session } = await place();
      const other = await newSession(at.store, here);
      const late = await post(at.store, session, { createdAt: T0 + 30 });
      const early = await post(at.store, session, { createdAt: T0 + 10 });
      const middle = await post(at.store, other, { createdAt: T0 + 20 });
      await post(at.store, session, { createdAt: T0 + 20, audiences: ['admin'] });
      const same = await post(at.store, session, { createdAt: T0 + 30 });
      const find = async (start: number, end: number, limit: number, sessionPk?: number) =>
        idsOf(
          (
            await at.store.read.messages.byTime({
              ...{ sight: seesPublic(here), start: T0 + start, end: T0 + end, limit },
              ...(sessionPk === undefined ? {} : { sessionPk }),
            })
          ).messages,
        );
      expect(await find(10, 30, 10)).toEqual([early, middle, late, same]);
      expect(await find(11, 29, 10)).toEqual([middle]);
      expect(await find(0, 100, 3)).toEqual([early, middle, late]);
      expect(await find(10, 30, 10, session.pk)).toEqual([early, late, same]);
      expect(await find(10, 30, 2, session.pk)).toEqual([early, late]);
      expect(await find(31, 100, 10)).toEqual([]);
    });

    it('are counted by who sent them in a time, and where, as far as they are seen', async () => {
      const { here, session } = await place();
      const other = await newSession(at.store, here);
      const say = (where: typeof session, sender: string, createdAt: number, audiences = ['public']) =>
        post(at.store, where, { sender, createdAt: T0 + createdAt, audiences });
      await say(session, 'ann', 9);
      for (const time of [10, 10, 11]) await say(session, 'ann', time);
      await say(session, 'ben', 20);
      await say(other, 'ben', 19, ['admin', 'agent:ben']);
      await say(other, 'ann', 12, ['admin', 'agent:ann']);
      await say(other, 'ben', 21);
      const count = (audiences: string[], limit = 10) =>
        at.store.read.messages.spoken({
          ...{ sight: { workspace: here, audiences }, start: T0 + 10, end: T0 + 20, limit },
        });
      expect(await count(['public', 'agent:ben'])).toEqual({
        ...{ messages: 5, more: false, sessionsInAll: 2, sendersInAll: 2 },
        sessions: [
          { sessionId: session.sessionId, messages: 4 },
          { sessionId: other.sessionId, messages: 1 },
        ],
        senders: [
          { sender: 'ann', messages: 3 },
          { sender: 'ben', messages: 2 },
        ],
      });
      const all = await count(['public', 'admin'], 1);
      expect(all).toMatchObject({ messages: 6, sessionsInAll: 2, sendersInAll: 2 });
      expect([all.sessions, all.senders]).toEqual([
        [{ sessionId: session.sessionId, messages: 4 }],
        [{ sender: 'ann', messages: 4 }],
      ]);
      const nothing = {
        messages: 0,
        more: false,
        sessions: [],
        sessionsInAll: 0,
        senders: [],
        sendersInAll: 0,
      };
      expect(await count(['agent:nobody'])).toEqual(nothing);
    });

    it('go on in the middle of one time', async () => {
      const { here, session } = await place();
      const all: number[] = [];
      for (let n = 0; n < 3; n++) all.push(await post(at.store, session, { createdAt: T0 }));
      const later = await post(at.store, session, { createdAt: T0 + 1 });
      for (const where of [{}, { sessionPk: session.pk }]) {
        const after = async (id: number, limit: number) => {
          const range = { start: T0, end: T0 + 9, after: id, limit };
          const found = await at.store.read.messages.byTime({ sight: seesPublic(here), ...where, ...range });
          return { ids: idsOf(found.messages), more: found.more };
        };
        expect(await after(0, 3)).toEqual({ ids: all, more: true });
        expect(await after(all[0]!, 2)).toEqual({ ids: all.slice(1), more: true });
        expect(await after(all[2]!, 1)).toEqual({ ids: [later], more: false });
        expect(await after(later, 1)).toEqual({ ids: [later], more: false });
      }
    });

    it('stop where their texts take too much, after one at least', async () => {
      const { here, session } = await place();
      const all: number[] = [];
      for (let n = 0; n < 4; n++) all.push(await post(at.store, session, { content: 'é'.repeat(50) }));
      const sight = seesPublic(here);
      const maxBytes = 210;
      expect(await page(session, { maxBytes })).toEqual({ ids: all.slice(2), more: true });
      expect(await page(session, { maxBytes, after: 0 })).toEqual({ ids: all.slice(0, 2), more: true });
      expect(await page(session, { maxBytes: 1, after: 0 })).toEqual({ ids: all.slice(0, 1), more: true });
      expect(await page(session, { maxBytes, after: all[1]! })).toEqual({ ids: all.slice(2), more: false });
      const sender = messageOf(session).sender;
      for (const where of [{}, { sessionPk: session.pk }]) {
        const args = { sight, ...where, limit: 100, maxBytes };
        const sent = await at.store.read.messages.bySender({ ...args, sender });
        expect([idsOf(sent.messages), sent.more]).toEqual([[all[3], all[2]], true]);
        const timed = await at.store.read.messages.byTime({ ...args, start: 0, end: T0 * 2 });
        expect([idsOf(timed.messages), timed.more]).toEqual([all.slice(0, 2), true]);
      }
    });

    it('refuse a change of what does not exist', async () => {
      const { session } = await place();
      const id = await post(at.store, session);
      await expect(
        at.store.write((tx) => tx.messages.setVisibility(id + 1, 'public', ['public'])),
      ).rejects.toThrow();
      await expect(
        at.store.write((tx) => tx.messages.insert(messageOf({ ...session, workspace: 'none' }))),
      ).rejects.toThrow();
    });
  });
}
