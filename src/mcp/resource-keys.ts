/** One text for all addresses of a resource: ids of agents are compared without case, and may be percent-encoded. */

export const sessionKey = (sessionId: string): string => `session://${sessionId}`;
export const messagesKey = (sessionId: string): string => `session://${sessionId}/messages`;
export const memoryKey = (agentId: string): string => `agent://${agentId.toLowerCase()}/memory`;
export const inboxKey = (agentId: string): string => `agent://${agentId.toLowerCase()}/inbox`;

const ADDRESS = /^(session|agent):\/\/([^/]+)(\/.*)?$/;

export function resourceKey(uri: string): string {
  const [, kind, id = '', rest = ''] = ADDRESS.exec(uri) ?? [];
  if (kind === undefined) return uri;
  const plain = decodeId(id);
  return `${kind}://${kind === 'agent' ? plain.toLowerCase() : plain}${rest}`;
}

/** Whether it is the key of any agent's inbox. */
export function isInboxOf(key: string): boolean {
  return key.startsWith('agent://') && key.endsWith('/inbox');
}

export function decodeId(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
