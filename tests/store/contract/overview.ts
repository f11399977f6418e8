/** Contract of the first questions of whoever comes back: where it posted, what is of note, what is open, what changed. */
import { describe, expect, it } from 'vitest';
import { NOTES_LOOKED_AT, type NewMessage, type Sight } from '../../../src/store/port.ts';
import {
  messageOf,
  newAgent,
  newSession,
  newWorkspace,
  post,
  seesPublic,
  T0,
  useStore,
  type StoreEngine,
} from '../engine.ts';

export function overview(engine: StoreEngine): void {
  describe('overview', () => {
    const at = useStore(engine);
    const hidden: Partial<NewMessage> = { visibility: 'admin_only', audiences: ['admin'] };
    const adminOf = (workspace: string): Sight => ({ workspace, audiences: ['public', 'admin'] });

    it('names the sessions where an agent posted, as far as they are seen, latest first', async () => {
      const here = await newWorkspace(at.store);
      const [a, b, c] = [
        await newSession(at.store, here),
        await newSession(at.store, here),
        await newSession(at.store, here),
      ];
      await post(at.store, b, { sender: 'bob' });
      const inB = await post(at.store, b, { sender: 'bob' });
      await post(at.store, b, { sender: 'alice' });
      await post(at.store, a, { sender: 'bob', imported: true });
      const inC = await post(at.store, c, { sender: 'bob', ...hidden });
      const inA = await post(at.store, a, { sender: 'bob' });
      const where = { workspace: here, agentId: 'bob', limit: 10 };
      const read = at.store.read.overview;
      expect(await read.posted({ ...where, sight: seesPublic(here) })).toEqual([
        { sessionPk: a.pk, lastId: inA },
        { sessionPk: b.pk, lastId: inB },
      ]);
      expect(await read.posted({ ...where, sight: adminOf(here), limit: 2 })).toEqual([
        { sessionPk: a.pk, lastId: inA },
        { sessionPk: c.pk, lastId: inC },
      ]);
      const elsewhere = await newWorkspace(at.store);
      expect(await read.posted({ ...where, workspace: elsewhere, sight: seesPublic(elsewhere) })).toEqual([]);
    });

    it('knows what is of note in a session, newest first', async () => {
      const here = await newWorkspace(at.store);
      const session = await newSession(at.store, here);
      const other = await newSession(at.store, here);
      await post(at.store, other, { pinned: true });
      const pinned = await post(at.store, session, { pinned: true, messageType: 'finding' });
      await post(at.store, session, { messageType: 'answer' });
      const decision = await post(at.store, session, { messageType: 'decision' });
      const secret = await post(at.store, session, { messageType: 'decision', ...hidden });
      const question = await post(at.store, session, { messageType: 'question', pinned: true });
      const handoff = await post(at.store, session, { messageType: 'handoff' });
      const seen = [
        { id: handoff, pinned: false, kind: 'handoff' },
        { id: question, pinned: true, kind: 'question' },
        { id: decision, pinned: false, kind: 'decision' },
        { id: pinned, pinned: true, kind: 'other' },
      ];
      const notes = (sight: Sight) => at.store.read.overview.notes({ sessionPk: session.pk, sight });
      expect(await notes(seesPublic(here))).toEqual(seen);
      expect((await notes(adminOf(here))).map(({ id }) => id)).toEqual(
        [...seen.map(({ id }) => id), secret].sort((a, b) => b - a),
      );
      await at.store.write(async (tx) => {
        for (let i = 0; i < NOTES_LOOKED_AT; i++)
          await tx.messages.insert(messageOf(session, { messageType: 'decision' }));
      });
      expect(await notes(seesPublic(here))).toHaveLength(NOTES_LOOKED_AT);
    });

    it('knows what is of note to who sees it, however much of it is hidden', async () => {
      const here = await newWorkspace(at.store);
      const session = await newSession(at.store, here);
      const decision = await post(at.store, session, { messageType: 'decision' });
      const pinned = await post(at.store, session, { pinned: true, ...hidden });
      await at.store.write(async (tx) => {
        for (let i = 0; i < NOTES_LOOKED_AT; i++)
          await tx.messages.insert(messageOf(session, { messageType: 'decision', ...hidden }));
      });
      const seen = async () =>
        (await at.store.read.overview.notes({ sessionPk: session.pk, sight: seesPublic(here) })).map(
          ({ id, pinned: isPinned }) => [id, isPinned],
        );
      expect(await seen()).toEqual([[decision, false]]);
      await at.store.write((tx) => tx.messages.setVisibility(pinned, 'public', ['public']));
      expect(await seen()).toEqual([
        [pinned, true],
        [decision, false],
      ]);
    });

    it('knows which questions nobody else has answered', async () => {
      const here = await newWorkspace(at.store);
      const session = await newSession(at.store, here);
      const ask = (over: Partial<NewMessage> = {}) =>
        post(at.store, session, { messageType: 'question', ...over });
      const reply = (to: number, over: Partial<NewMessage> = {}, threadId = to) =>
        post(at.store, session, { sender: 'bob', parentId: to, threadId, messageType: 'answer', ...over });
      const answered = await ask();
      const silence = await ask();
      const byItself = await ask();
      const askedBack = await ask();
      const secretly = await ask();
      const deep = await ask({ parentId: answered, threadId: answered });
      const deepOpen = await ask({ parentId: answered, threadId: answered });
      await reply(answered, { messageType: 'message' });
      await reply(byItself, { sender: 'alice' });
      const back = await reply(askedBack, { messageType: 'question' });
      await reply(secretly, hidden);
      await reply(deep, {}, answered);
      const all = [deepOpen, deep, secretly, askedBack, byItself, silence, answered, back];
      const open = [deepOpen, secretly, askedBack, byItself, silence, back];
      expect(await at.store.read.overview.unanswered(all, seesPublic(here))).toEqual(open);
      expect(await at.store.read.overview.unanswered(all, adminOf(here))).toEqual(
        open.filter((id) => id !== secretly),
      );
      expect(await at.store.read.overview.unanswered([], seesPublic(here))).toEqual([]);
    });

    it('tells which memory changed, once per entry, as it is now', async () => {
      const here = await newWorkspace(at.store);
      const session = await newSession(at.store, here);
      const agent = await newAgent(at.store, here);
      const set = (key: string, agentPk: number | null, sessionPk: number | null, over: object = {}) =>
        at.store.write(async (tx) => {
          const entry = {
            ...{ key, value: `"${key} ${'x'.repeat(50)}"`, valueSize: 53, version: 1, metadata: {} },
            ...{ updatedBy: 'alice', expiresAt: null, createdAt: T0, updatedAt: T0, ...over },
          };
          await tx.memory.put({ workspace: here, agentPk, sessionPk }, entry);
          return tx.events.append({
            ...{ kind: 'memory.set', workspace: here, sessionPk, messageId: null },
            audiences: [agentPk === null ? 'public' : `agent:${agent.agentId}`],
            data: JSON.stringify({ key }),
          });
        });
      await set('twice', null, null);
      const inSession = await set('there', null, session.pk);
      const own = await set('twice', agent.pk, null);
      await set('over', null, null, { expiresAt: T0 + 1 });
      await set('gone', null, null);
      await at.store.write((tx) =>
        tx.memory.delete({ workspace: here, agentPk: null, sessionPk: null }, 'gone'),
      );
      const twice = await set('twice', null, null, { version: 2 });
      const shared = { workspace: here, agentPk: null, audience: 'public', now: T0 + 1, chars: 8 };
      const changed = async (args: object = {}) =>
        (await at.store.read.memory.changed({ ...shared, sessions: [null, session.pk], ...args })).map(
          ({ entry, seq, value }) => [seq, entry.key, entry.version, value],
        );
      expect(await changed()).toEqual([
        [twice, 'twice', 2, '"twice x'],
        [inSession, 'there', 1, '"there x'],
      ]);
      expect(await changed({ sessions: [null] })).toEqual([[twice, 'twice', 2, '"twice x']]);
      expect(await changed({ agentPk: agent.pk, audience: `agent:${agent.agentId}` })).toEqual([
        [own, 'twice', 1, '"twice x'],
      ]);
      expect(await changed({ audience: 'agent:nobody' })).toEqual([]);
      expect(await changed({ now: T0 })).toHaveLength(3);
    });
  });
}
