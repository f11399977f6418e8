/** Agents as the others of their workspace see them. */
import { describe, expect, it } from 'vitest';
import { newAgent, newSession, newWorkspace, post, T0, useStore, type StoreEngine } from '../engine.ts';

const idsOf = (cards: readonly { readonly agentId: string }[]): string[] =>
  cards.map(({ agentId }) => agentId);

export function directory(engine: StoreEngine): void {
  describe('the directory', () => {
    const at = useStore(engine);

    it('has the agents of one workspace, last seen first', async () => {
      // The keys of `newAgent` are of this one.
      const [here, elsewhere] = ['default', await newWorkspace(at.store)] as const;
      await at.store.write((tx) => tx.workspaces.ensure(here, T0));
      await newAgent(at.store, here, { agentId: 'first', lastSeenAt: T0 + 1 });
      const last = await newAgent(at.store, here, { agentId: 'last', lastSeenAt: T0 + 3, client: 'cli/1' });
      await newAgent(at.store, here, { agentId: 'Second', lastSeenAt: T0 + 2 });
      await newAgent(at.store, elsewhere, { agentId: 'other', lastSeenAt: T0 + 9 });
      await newAgent(at.store, elsewhere, { agentId: 'of another key', lastSeenAt: T0 + 9 });
      const { recent } = at.store.read.directory;
      expect(await recent({ workspace: elsewhere, limit: 9 })).toEqual([]);
      expect(idsOf(await recent({ workspace: here, limit: 9 }))).toEqual(['last', 'Second', 'first']);
      const { pk, agentType } = last;
      const card = { pk, agentId: 'last', agentType, lastSeenAt: T0 + 3, client: 'cli/1' };
      expect(await recent({ workspace: here, limit: 1 })).toEqual([card]);
      expect(await recent({ workspace: 'no workspace', limit: 9 })).toEqual([]);
    });

    it('finds agents by id without case, in one workspace', async () => {
      const [here, elsewhere] = [await newWorkspace(at.store), await newWorkspace(at.store)];
      for (const agentId of ['Ann', 'ben']) await newAgent(at.store, here, { agentId });
      await newAgent(at.store, elsewhere, { agentId: 'carl' });
      const { named } = at.store.read.directory;
      const agentIds = ['aNN', 'ANN', 'carl', 'nobody'];
      expect(idsOf(await named({ workspace: here, agentIds }))).toEqual(['Ann']);
      expect(await named({ workspace: 'no workspace', agentIds })).toEqual([]);
    });

    it('knows who posted in a session what a sight meets, and no labels of imports', async () => {
      const workspace = await newWorkspace(at.store);
      for (const agentId of ['Ann', 'ben', 'carl']) await newAgent(at.store, workspace, { agentId });
      const session = await newSession(at.store, workspace);
      await post(at.store, session, { sender: 'ben' });
      for (let n = 0; n < 2; n++) await post(at.store, session, { sender: 'ann' });
      const hidden = { visibility: 'private', audiences: ['admin', 'agent:carl'] } as const;
      await post(at.store, session, { sender: 'carl', ...hidden });
      await post(at.store, session, { sender: 'nobody' });
      await post(at.store, session, { sender: 'carl', imported: true });
      const posters = (audiences: readonly string[], limit = 9) =>
        at.store.read.directory.postersIn({
          ...{ workspace, sessionPk: session.pk, limit },
          sight: { workspace, audiences },
        });
      expect(idsOf(await posters(['public']))).toEqual(['Ann', 'ben']);
      expect(idsOf(await posters(['public'], 1))).toEqual(['Ann']);
      expect(idsOf(await posters(['public', 'admin']))).toEqual(['Ann', 'ben', 'carl']);
      expect(await posters(['type:nobody'])).toEqual([]);
    });
  });
}
