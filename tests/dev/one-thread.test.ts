/**
 * The contract of the store where every read runs on the thread that serves (`DATABASE_MAX_CONNECTIONS=1`). The long
 * ones run on reader threads otherwise, from which no coverage comes.
 */
import { describe } from 'vitest';
import { keysAndAgents } from '../store/contract/keys-agents.ts';
import { memory } from '../store/contract/memory.ts';
import { messages } from '../store/contract/messages.ts';
import { sessions } from '../store/contract/sessions.ts';
import { visibilities } from '../store/contract/visibility.ts';
import { writes } from '../store/contract/writes.ts';
import type { StoreEngine } from '../store/engine.ts';
import { openSqlite } from '../store/engine.ts';

const oneThread: StoreEngine = {
  name: 'sqlite with one connection',
  open: (folder) => openSqlite(folder, { maxConnections: 1 }),
};

describe(oneThread.name, () => {
  for (const contract of [keysAndAgents, sessions, messages, memory, visibilities, writes])
    contract(oneThread);
});
