/** The objects of the public contract, for doors that may not reach into the MCP layer. */
export { isoTime, toEntry, toFullEntry, toHead, toMessage, toSession } from '../mcp/shapes.ts';
export type { Head, MemoryEntry, Message, Session } from '../mcp/shapes.ts';
export { MESSAGE_TYPES, VISIBILITIES } from '../store/port.ts';
