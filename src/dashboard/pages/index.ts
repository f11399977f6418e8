/** All pages, in the order of the navigation. A page is one file; it is added here and nowhere else. */
import type { Action, Fragment, Page } from '../page.ts';
import { agentPage } from './agent.ts';
import { agentsPage } from './agents.ts';
import { auditPage } from './audit.ts';
import { connectClient, connectPage, connectState } from './connect.ts';
import { healthPage } from './health.ts';
import { createKey, keysPage, revokeKey, rotateKey } from './keys.ts';
import { leasesPage, releaseLease } from './leases.ts';
import { memoryPage } from './memory.ts';
import { changeMemory, deleteMemory, memoryEntryPage } from './memory-entry.ts';
import { memoryHistoryPage } from './memory-history.ts';
import { metricsPage } from './metrics.ts';
import { searchPage, searchResults } from './search.ts';
import { sessionsPage } from './sessions.ts';
import { closeOrReopen, speak } from './timeline-actions.ts';
import { timelinePage, timelineRows } from './timeline.ts';

export const PAGES: readonly Page[] = [
  sessionsPage,
  timelinePage,
  searchPage,
  memoryPage,
  memoryEntryPage,
  memoryHistoryPage,
  agentsPage,
  agentPage,
  leasesPage,
  metricsPage,
  healthPage,
  auditPage,
  keysPage,
  connectPage,
];

export const FRAGMENTS: readonly Fragment[] = [timelineRows, searchResults, connectState];

export const ACTIONS: readonly Action[] = [
  speak,
  closeOrReopen,
  changeMemory,
  deleteMemory,
  releaseLease,
  createKey,
  rotateKey,
  revokeKey,
  connectClient,
];
