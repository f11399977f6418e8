/** The contract of the port, for each engine. */
import { describe } from 'vitest';
import { keysAndAgents } from './contract/keys-agents.ts';
import { memory } from './contract/memory.ts';
import { messages } from './contract/messages.ts';
import { sessions } from './contract/sessions.ts';
import { writes } from './contract/writes.ts';
import { visibilities } from './contract/visibility.ts';
import { sqliteEngine } from './engine.ts';

for (const engine of [sqliteEngine]) {
  describe(engine.name, () => {
    keysAndAgents(engine);
    sessions(engine);
    messages(engine);
    memory(engine);
    visibilities(engine);
    writes(engine);
  });
}
