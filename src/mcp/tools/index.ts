/** The tool table: every tool of the hub, in the order agents see them. */
import type { Tool } from '../tool.ts';
import { acquireLease } from './acquire-lease.ts';
import { addMessage } from './add-message.ts';
import { authenticateAgent } from './authenticate-agent.ts';
import { catchUp } from './catch-up.ts';
import { createSession } from './create-session.ts';
import { deleteMemory } from './delete-memory.ts';
import { getAuditLog } from './get-audit-log.ts';
import { getMemory } from './get-memory.ts';
import { getMessages } from './get-messages.ts';
import { getPerformanceMetrics } from './get-performance-metrics.ts';
import { getSession } from './get-session.ts';
import { getUsageGuidance } from './get-usage-guidance.ts';
import { listAgents } from './list-agents.ts';
import { listLeases } from './list-leases.ts';
import { listMemory } from './list-memory.ts';
import { listSessions } from './list-sessions.ts';
import { refreshToken } from './refresh-token.ts';
import { releaseLease } from './release-lease.ts';
import { searchContext } from './search-context.ts';
import { searchBySender } from './search-by-sender.ts';
import { searchByTimerange } from './search-by-timerange.ts';
import { setMemory } from './set-memory.ts';
import { setMessageVisibility } from './set-message-visibility.ts';
import { updateSession } from './update-session.ts';
import { waitForMessages } from './wait-for-messages.ts';

export const TOOLS: readonly Tool[] = [
  authenticateAgent,
  refreshToken,
  createSession,
  listSessions,
  getSession,
  updateSession,
  addMessage,
  getMessages,
  catchUp,
  waitForMessages,
  setMessageVisibility,
  searchContext,
  searchBySender,
  searchByTimerange,
  setMemory,
  getMemory,
  listMemory,
  deleteMemory,
  listAgents,
  acquireLease,
  releaseLease,
  listLeases,
  getUsageGuidance,
  getPerformanceMetrics,
  getAuditLog,
];
