/** The objects of the public contract, for doors that may not reach into the MCP layer. */
export { isoTime, toMessage, toSession } from '../mcp/shapes.ts';
export type { Message, Session } from '../mcp/shapes.ts';
export { MESSAGE_TYPES, VISIBILITIES } from '../store/port.ts';
