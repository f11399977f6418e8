/** The objects of the public contract, for doors that may not reach into the MCP layer. */
export {
  isoTime,
  toAgent,
  toEntry,
  toFullEntry,
  toHead,
  toLease,
  toMessage,
  toSession,
  toVersion,
} from '../mcp/shapes.ts';
export type {
  Agent,
  AuditEntry,
  Head,
  Lease,
  MemoryEntry,
  MemoryVersion,
  Message,
  Session,
} from '../mcp/shapes.ts';
export { performanceReport, seriesShape, toSeries, type Performance } from '../mcp/performance.ts';
export { MESSAGE_TYPES, SESSION_ORDERS, VISIBILITIES } from '../store/port.ts';
export type { SessionOrder } from '../store/port.ts';
