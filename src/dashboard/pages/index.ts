/** All pages, in the order of the navigation. A page is one file; it is added here and nowhere else. */
import type { Action, Fragment, Page } from '../page.ts';
import { sessionsPage } from './sessions.ts';
import { timelinePage, timelineRows } from './timeline.ts';

export const PAGES: readonly Page[] = [sessionsPage, timelinePage];

export const FRAGMENTS: readonly Fragment[] = [timelineRows];

export const ACTIONS: readonly Action[] = [];
