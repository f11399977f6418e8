/** All pages, in the order of the navigation. A page is one file; it is added here and nowhere else. */
import type { Action, Fragment, Page } from '../page.ts';
import { agentPage } from './agent.ts';
import { agentsPage } from './agents.ts';
import { auditPage } from './audit.ts';
import { connectClient, connectPage, connectState } from './connect.ts';
import { healthPage } from './health.ts';
import { createKey, keysPage, revokeKey, rotateKey } from './keys.ts';
import { leasesPage, releaseLease } from './leases.ts';
import { metricsPage } from './metrics.ts';
import { sessionsPage } from './sessions.ts';
import { timelinePage, timelineRows } from './timeline.ts';

export const PAGES: readonly Page[] = [
  sessionsPage,
  timelinePage,
  agentsPage,
  agentPage,
  leasesPage,
  metricsPage,
  healthPage,
  auditPage,
  keysPage,
  connectPage,
];

export const FRAGMENTS: readonly Fragment[] = [timelineRows, connectState];

export const ACTIONS: readonly Action[] = [releaseLease, createKey, rotateKey, revokeKey, connectClient];
