/** What opens a session of the newest revision that has batches. */
export const withBatches = {
  protocolVersion: '2025-03-26',
  capabilities: {},
  clientInfo: { name: 'raw', version: '1' },
} as const;
