/** A plugin of every kind of door, each of which repeats what its caller may read. */
import { definePlugin, z } from 'shared-context-hub/plugin';

const textOf = async (session_id, hub) => {
  const { messages } = await hub.call('get_messages', { session_id, limit: 1000 });
  return messages.map(({ content }) => content).join(' ');
};

export const plugin = definePlugin({
  name: 'digest',
  version: '1.0.0',
  permissions: ['read', 'admin'],
  tools: {
    read_digest: {
      description: 'All contents of a session.',
      input: { session_id: z.string() },
      output: { text: z.string() },
      handler: async ({ session_id }, { hub }) => ({ text: await textOf(session_id, hub) }),
    },
  },
  resources: {
    'digest://{session_id}': {
      title: 'Digest',
      description: 'All contents of a session.',
      read: async ({ session_id }, { hub }) => ({ text: await textOf(session_id, hub) }),
    },
    'digest://operators': {
      title: 'Digest of operators',
      description: 'The audit log.',
      permission: 'admin',
      read: (_params, { hub }) => hub.call('get_audit_log'),
    },
  },
  prompts: {
    digest: {
      title: 'Digest',
      description: 'All contents of a session.',
      arguments: { session_id: { description: 'the session', required: true } },
      render: ({ session_id }, { hub }) => textOf(session_id, hub),
    },
  },
  before: {
    'message.add': () => undefined,
    'session.update': () => undefined,
    'memory.set': () => undefined,
  },
});
