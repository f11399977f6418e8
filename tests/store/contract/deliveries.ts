/** Unread messages and receipts, as the port promises them. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { NewMessage, Recipient, SessionRow, Sight, Store } from '../../../src/store/port.ts';
import { newAgent, newSession, newWorkspace, post, T0, useStore, type StoreEngine } from '../engine.ts';

export function deliveries(engine: StoreEngine): void {
  describe('deliveries', () => {
    const opened = useStore(engine);
    let store: Store;
    let workspace: string;
    let session: SessionRow;
    let recipient: Recipient;
    let sight: Sight;

    const recipientOf = async (type: string): Promise<Recipient> => {
      const { pk, agentId, agentType } = await newAgent(store, workspace, { agentType: type });
      return {
        ...{ pk, workspace, agentId, agentType },
        names: { agent: `agent:${agentId}`, type: `type:${type}` },
      };
    };
    const sightOf = ({ names }: Recipient): Sight => ({
      workspace,
      audiences: ['public', names.agent, names.type],
    });
    const toAgent = (over: Partial<NewMessage> = {}) =>
      post(store, session, { addressees: [recipient.names.agent], ...over });
    const toType = (over: Partial<NewMessage> = {}) =>
      post(store, session, { addressees: [recipient.names.type], ...over });
    const unread = async (who = recipient) => {
      const page = await store.read.deliveries.unread({
        ...{ recipient: who, sight: sightOf(who), after: 0, limit: 100 },
      });
      expect(page.upTo).toBeNull();
      return page.messages.map(({ id }) => id);
    };
    const record = (id: number, acknowledged: boolean, who = recipient) =>
      store.write((tx) =>
        tx.deliveries.record(who, [
          { messageId: id, by: 'tool', deliveredAt: T0, acknowledgedAt: acknowledged ? T0 + 1 : null },
        ]),
      );

    beforeAll(() => {
      ({ store } = opened);
    });
    const fresh = async (): Promise<void> => {
      workspace = await newWorkspace(store);
      session = await newSession(store, workspace);
      recipient = await recipientOf('tester');
      sight = sightOf(recipient);
    };

    it('are what speaks to an agent or its type, that it sees and has not written', async () => {
      await fresh();
      const first = await toAgent();
      await post(store, session);
      const second = await toType();
      await toAgent({ audiences: ['admin', 'agent:somebody'] });
      await toType({ sender: recipient.agentId.toUpperCase(), senderType: 'tester' });
      const both = await post(store, session, {
        addressees: [recipient.names.agent, recipient.names.type],
        audiences: ['admin', recipient.names.agent],
      });
      // A label of history is not the agent of that name.
      const label = await toType({ sender: recipient.agentId, senderType: 'tester', imported: true });
      expect(await unread()).toEqual([first, second, both, label]);
      const elsewhere = { ...recipient, workspace: await newWorkspace(store) };
      const page = { recipient: elsewhere, sight: { ...sight, workspace: elsewhere.workspace } };
      expect(await store.read.deliveries.unread({ ...page, limit: 10 })).toEqual({
        messages: [],
        upTo: null,
      });
    });

    it('become visible and hidden with the message', async () => {
      await fresh();
      const id = await toAgent({ visibility: 'private', audiences: ['admin', 'agent:somebody'] });
      expect(await unread()).toEqual([]);
      await store.write((tx) => tx.messages.setVisibility(id, 'public', ['public']));
      expect(await unread()).toEqual([id]);
      await store.write((tx) => tx.messages.setVisibility(id, 'admin_only', ['admin']));
      expect(await unread()).toEqual([]);
    });

    it('end with the acknowledgement, whatever the order', async () => {
      await fresh();
      const other = await recipientOf('tester');
      const ids: number[] = [];
      for (let i = 0; i < 6; i++) ids.push(await (i % 2 === 0 ? toAgent() : toType()));
      await record(ids[5]!, true);
      expect(await unread()).toEqual(ids.slice(0, 5));
      await record(ids[1]!, true);
      await record(ids[0]!, true);
      await record(ids[0]!, false);
      expect(await unread()).toEqual([ids[2], ids[3], ids[4]]);
      for (const id of [ids[3]!, ids[2]!, ids[4]!]) await record(id, true);
      expect(await unread()).toEqual([]);
      // What one of a type acknowledges, the others have not.
      expect(await unread(other)).toEqual([ids[1], ids[3], ids[5]]);
      const later = await toType();
      expect(await unread()).toEqual([later]);
    });

    it('are acknowledged past a thousand that are not', async () => {
      await fresh();
      await store.write(async (tx) => {
        for (let i = 0; i < 1500; i++)
          await tx.messages.insert({
            ...{ sessionPk: session.pk, workspace, sender: 'alice', senderType: 'coder', imported: false },
            ...{ content: 'c', visibility: 'public', to: [], messageType: 'message', parentId: null },
            ...{ threadId: null, metadata: {}, pinned: false, createdAt: T0, audiences: ['public'] },
            addressees: [recipient.names.type],
          });
      });
      const all = async () => {
        const ids: number[] = [];
        for (let after: number | null = 0; after !== null;) {
          const page = await store.read.deliveries.unread({ recipient, sight, after, limit: 400 });
          ids.push(...page.messages.map(({ id }) => id));
          after = page.upTo;
        }
        return ids;
      };
      const before = await all();
      expect(before).toHaveLength(1500);
      await record(before.at(-1)!, true);
      expect(await all()).toEqual(before.slice(0, -1));
      await record(before[1200]!, true);
      await record(before[10]!, true);
      expect(await all()).toEqual(before.filter((_, i) => ![10, 1200, 1499].includes(i)));
    });

    it('come page by page, from either end, and say how far a page went', async () => {
      await fresh();
      const ids: number[] = [];
      for (let i = 0; i < 7; i++) ids.push(await (i % 3 === 0 ? toType() : toAgent()));
      const { deliveries: read } = store.read;
      const oldest = await read.unread({ recipient, sight, after: 0, limit: 2 });
      expect(oldest).toMatchObject({
        messages: [{ id: ids[0] }, { id: ids[1] }, { id: ids[2] }],
        upTo: ids[2],
      });
      const newest = await read.unread({ recipient, sight, limit: 2 });
      expect(newest).toMatchObject({
        messages: [{ id: ids[6] }, { id: ids[5] }, { id: ids[4] }],
        upTo: ids[4],
      });
      const between = { after: ids[2]!, before: ids[5]!, limit: 10 };
      expect((await read.unread({ recipient, sight, ...between })).messages.map(({ id }) => id)).toEqual(
        ids.slice(3, 5),
      );
    });

    it('keep the first delivery and the first acknowledgement', async () => {
      await fresh();
      const id = await toAgent();
      const { deliveries: read } = store.read;
      const note = (by: 'tool' | 'inbox', deliveredAt: number, acknowledgedAt: number | null) =>
        store.write((tx) =>
          tx.deliveries.record(recipient, [{ messageId: id, by, deliveredAt, acknowledgedAt }]),
        );
      expect(await read.receipts([id], 10)).toEqual([]);
      await note('inbox', 1, null);
      expect(await read.unread({ recipient, sight, limit: 1 })).toMatchObject({
        messages: [{ id, delivered: true }],
      });
      await note('tool', 2, null);
      const row = { messageId: id, agentPk: recipient.pk, agentId: recipient.agentId, by: 'inbox' };
      expect(await read.receipts([id], 10)).toEqual([{ ...row, deliveredAt: 1, acknowledgedAt: null }]);
      await note('tool', 3, 4);
      await note('tool', 5, 6);
      expect(await read.receipts([id, id + 1], 10)).toEqual([{ ...row, deliveredAt: 1, acknowledgedAt: 4 }]);
      expect(await read.receipts([id], 0)).toEqual([]);
    });

    it('shows beginnings of what is seen, and finds agents by id and type', async () => {
      await fresh();
      const { deliveries: read } = store.read;
      const id = await toAgent({ content: 'öäü and more' });
      const hidden = await toAgent({ audiences: ['admin'] });
      expect(await read.previews([hidden, id], sight, 3)).toEqual([
        { id, sessionId: session.sessionId, sender: 'alice', text: 'öäü' },
      ]);
      const { pk, agentId, agentType } = recipient;
      expect(await read.agent(workspace, agentId.toUpperCase())).toEqual({ pk, agentId, agentType });
      expect(await read.agents(workspace, ['nobody', agentId])).toEqual([{ pk, agentId, agentType }]);
      await recipientOf('coder');
      expect(await read.agentsOfType(workspace, 'TESTER', 10)).toEqual([{ pk, agentId, agentType }]);
      expect(await read.agentsOfType(workspace, 'tester', 0)).toEqual([]);
      expect(await read.agent('no such workspace', agentId)).toBeUndefined();
    });
  });
}
