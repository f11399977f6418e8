/** Contract of `write`: all or nothing, neighbours, order, and what is there after the store was closed. */
import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  messageOf,
  newFolder,
  newSession,
  newWorkspace,
  post,
  seesPublic,
  useStore,
  type StoreEngine,
} from '../engine.ts';

export function writes(engine: StoreEngine): void {
  describe('a write', () => {
    const at = useStore(engine);

    async function place() {
      const here = await newWorkspace(at.store);
      const session = await newSession(at.store, here);
      const contents = async () => {
        const { messages } = await at.store.read.messages.page({
          sessionPk: session.pk,
          sight: seesPublic(here),
          limit: 200,
        });
        return messages.map((message) => message.content);
      };
      return { here, session, contents };
    }

    it('answers what its work answers, and throws what it throws', async () => {
      const thrown = new Error('mine');
      expect(await at.store.write(async () => ({ any: 'thing' }))).toEqual({ any: 'thing' });
      await expect(at.store.write(() => Promise.reject(thrown))).rejects.toBe(thrown);
      await expect(
        at.store.write(() => {
          throw thrown;
        }),
      ).rejects.toBe(thrown);
    });

    it('sees what it wrote, others see it afterwards', async () => {
      const { here, session } = await place();
      const id = await at.store.write(async (tx) => {
        const own = await tx.messages.insert(messageOf(session));
        expect(await tx.messages.get(own, seesPublic(here))).toMatchObject({ id: own });
        expect(await tx.messages.count(session.pk, seesPublic(here))).toBe(1);
        expect(await at.store.read.messages.get(own, seesPublic(here))).toBeUndefined();
        return own;
      });
      expect(await at.store.read.messages.get(id, seesPublic(here))).toMatchObject({ id });
    });

    it('stores all or nothing, and spoils no neighbour', async () => {
      const { session, contents } = await place();
      const add = (content: string) => post(at.store, session, { content });
      const fail = (content: string | null) =>
        at.store.write(async (tx) => {
          if (content !== null) {
            // Names that nobody has had yet are made, and must be forgotten with the rest.
            const over = {
              content,
              sender: `sender of ${content}`,
              audiences: ['public', `agent:${content}`],
            };
            await tx.messages.insert(messageOf(session, over));
          }
          throw new Error(`failed ${String(content)}`);
        });
      const outcomes = await Promise.allSettled([
        add('a'),
        fail(null),
        add('b'),
        fail('x'),
        add('c'),
        fail('y'),
        fail(null),
        add('d'),
      ]);
      expect(outcomes.map((outcome) => outcome.status === 'fulfilled')).toEqual([
        true,
        false,
        true,
        false,
        true,
        false,
        false,
        true,
      ]);
      expect(await contents()).toEqual(['a', 'b', 'c', 'd']);
      const later = await post(at.store, session, {
        sender: 'sender of z',
        audiences: ['public', 'agent:z'],
      });
      const z = { workspace: session.workspace, audiences: ['agent:z'] };
      const x = { workspace: session.workspace, audiences: ['agent:x'] };
      expect(await at.store.read.messages.get(later, z)).toMatchObject({ sender: 'sender of z' });
      expect(await at.store.read.messages.count(session.pk, x)).toBe(0);
      expect(
        await at.store.read.messages.bySender({
          sight: seesPublic(session.workspace),
          sender: 'sender of x',
          limit: 5,
        }),
      ).toEqual({ messages: [], more: false });
    });

    it('sees its neighbours before it, and none of those that failed', async () => {
      const { here, session } = await place();
      const count = () => at.store.write((tx) => tx.messages.count(session.pk, seesPublic(here)));
      const failing = at.store.write(async (tx) => {
        await tx.messages.insert(messageOf(session));
        throw new Error('failed');
      });
      const counts = await Promise.all([
        count(),
        post(at.store, session),
        count(),
        failing.catch(() => 'failed'),
        count(),
      ]);
      expect([counts[0], counts[2], counts[4]]).toEqual([0, 1, 1]);
    });

    it('gives ids that rise in the order of writes', async () => {
      const { session } = await place();
      const ids = await Promise.all(
        Array.from({ length: 1500 }, (_, i) =>
          i % 7 === 3
            ? at.store
                .write(async (tx) => {
                  await tx.messages.insert(messageOf(session));
                  throw new Error('failed');
                })
                .catch(() => undefined)
            : post(at.store, session),
        ),
      );
      const given = ids.filter((id) => id !== undefined);
      expect(given).toHaveLength(1500 - 214);
      expect(given).toEqual([...new Set(given)].sort((a, b) => a - b));
      let after = 0;
      const seen: number[] = [];
      for (let more = true; more;) {
        const page = await at.store.read.messages.page({
          sessionPk: session.pk,
          sight: seesPublic(session.workspace),
          limit: 150,
          after,
        });
        seen.push(...page.messages.map((message) => message.id));
        after = seen.at(-1) ?? after;
        more = page.more;
      }
      expect(seen).toEqual(given);
    });
  });

  describe('a store', () => {
    it('holds after closing what it held before, and gives no position twice', async () => {
      const folder = newFolder();
      let store = await engine.open(folder);
      const { epoch } = store;
      const here = await newWorkspace(store);
      const session = await newSession(store, here);
      const given = [await post(store, session)];
      const undone = store.write(async (tx) => {
        given.push(await tx.messages.insert(messageOf(session)));
        throw new Error('failed');
      });
      await expect(undone).rejects.toThrow('failed');
      given.push(await post(store, session));
      await store.close();
      store = await engine.open(folder);
      expect(store.epoch).toBe(epoch);
      given.push(await post(store, session));
      expect(given).toEqual([...new Set(given)].sort((a, b) => a - b));
      const view = await store.read.sessions.view(here, session.sessionId, seesPublic(here));
      expect(view).toMatchObject({ messageCount: 3, lastSeq: given.at(-1) });
      await store.close();
      rmSync(folder, { recursive: true });
    });

    it('finishes what is queued when it closes, and refuses what comes later', async () => {
      const folder = newFolder();
      let store = await engine.open(folder);
      const here = await newWorkspace(store);
      const session = await newSession(store, here);
      const before = Array.from({ length: 600 }, () => post(store, session));
      const closing = store.close();
      const late = Promise.allSettled(Array.from({ length: 5 }, () => post(store, session)));
      await expect(Promise.all(before)).resolves.toHaveLength(600);
      const refused = { status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } };
      expect(await late).toMatchObject(Array.from({ length: 5 }, () => refused));
      await closing;
      await store.close();
      expect(store.health()).toMatchObject({ writable: false });
      await expect(post(store, session)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(store.read.sessions.get(here, session.sessionId)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
      store = await engine.open(folder);
      expect(await store.read.messages.count(session.pk, seesPublic(here))).toBe(600);
      await store.close();
      rmSync(folder, { recursive: true });
    });
  });
}
