/** All pages, in the order of the navigation. A page is one file; it is added here and nowhere else. */
import type { Action, Fragment, Page } from '../page.ts';
import { memoryPage } from './memory.ts';
import { changeMemory, deleteMemory, memoryEntryPage } from './memory-entry.ts';
import { searchPage, searchResults } from './search.ts';
import { sessionsPage } from './sessions.ts';
import { timelinePage, timelineRows } from './timeline.ts';

export const PAGES: readonly Page[] = [sessionsPage, timelinePage, searchPage, memoryPage, memoryEntryPage];

export const FRAGMENTS: readonly Fragment[] = [timelineRows, searchResults];

export const ACTIONS: readonly Action[] = [changeMemory, deleteMemory];
