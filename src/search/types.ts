/** What the search threads are asked and what they answer. Times are integer milliseconds since the epoch. */

/** Where the next page begins: after this hit, in the state of the hub in which the first page was found. */
export interface SearchPosition {
  /** As the hit shows it: hits are ordered by what they show, then newest first. */
  readonly score: number;
  readonly id: number;
  /** Messages with a higher id came later; they are in no page of this search. */
  readonly upTo: number;
}

export interface SearchRequest {
  /** Any text; see query.ts for what it may hold. */
  readonly query: string;
  /** Rows of `audiences` that the caller belongs to: what none of them may see is not looked at. */
  readonly audienceIds: readonly number[];
  /** Only this session. */
  readonly sessionPk?: number;
  /** Only messages of these senders (rows of `senders`); empty: there are none, nothing is found. */
  readonly senderIds?: readonly number[];
  /** Only these visibilities: indices into VISIBILITIES. */
  readonly visibilities?: readonly number[];
  /** Index into MESSAGE_TYPES. */
  readonly messageType?: number;
  /** False: metadata is not looked at, see text.ts. */
  readonly metadata?: boolean;
  /** Both inclusive. */
  readonly since?: number;
  readonly until?: number;
  /** How alike a word must be to stand for one of the query, 0–100; 100: exact words only. */
  readonly fuzzyThreshold: number;
  /** Hits at most. */
  readonly limit: number;
  readonly position?: SearchPosition;
}

export interface SearchHit {
  readonly id: number;
  /** 0–100; one decimal. */
  readonly score: number;
  /** Text around the match, with what matched marked as `**so**`. */
  readonly snippet: string;
}

export interface SearchAnswer {
  /** Best first. */
  readonly hits: readonly SearchHit[];
  /** The query with misspelt words replaced, if others were found instead. */
  readonly corrected?: string;
  /** Nothing was found in the session asked for: where else there are hits, most first. */
  readonly elsewhere: readonly { readonly sessionPk: number; readonly count: number }[];
  /** Absent: that was all. */
  readonly next?: SearchPosition;
  /** No hit of this page or the next ones has a higher id: a page that was cut short goes on after any of its hits. */
  readonly upTo: number;
  /** The index is far behind: of what it has not reached only the newest was searched. */
  readonly degraded: boolean;
  readonly tookMs: number;
}

/**
 * Synchronous, for a worker thread. It sees search.db and, attached as `hub`, hub.db in one consistent state; messages
 * that the index has not reached yet, and changed ones (positions above its watermark), are read from hub.db and scored
 * as they are.
 */
export interface Searcher {
  readonly search: (request: SearchRequest) => SearchAnswer;
}
