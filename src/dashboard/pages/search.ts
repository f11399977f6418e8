/** `/ui/search`: everything that was said or remembered, by words and operators; what is typed is looked for at once. */
import { hash } from 'node:crypto';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import { MESSAGE_TYPES, toEntry, toHead, VISIBILITIES } from '../../http/objects.ts';
import type { Head, MemoryEntry } from '../../http/objects.ts';
import { exportLinks } from '../export-links.ts';
import { entryAddress } from '../memory/address.ts';
import { agentName, chips, mark, queryWith, select, timeOf } from '../parts.ts';
import { definePage, html, none, type Fragment, type Html, type View } from '../page.ts';
import { askedBy, MAX_QUERY, OPERATORS, type Operator } from '../search/asked.ts';

interface MessageHit {
  readonly message: Head;
  readonly score: number;
  readonly snippet: string;
  readonly session_purpose: string;
}

interface EntryHit {
  readonly entry: MemoryEntry;
  readonly score: number;
  readonly snippet: string;
}

interface Data {
  /** With the filters as operators; empty: nothing was asked. */
  readonly query: string;
  readonly results: readonly MessageHit[];
  /** On the first page only. */
  readonly memory: readonly EntryHit[];
  readonly corrected_query?: string;
  readonly degraded?: true;
  readonly next_cursor?: string;
}

const PER_PAGE = 30;
const MEMORY_SHOWN = 5;
/** As search_context takes it where nothing is said. */
const FUZZY = 60;
const PURPOSE_SHOWN = 100;
const position = z.object({ score: z.number(), id: z.number(), upTo: z.number() });

export const searchPage = definePage<Data>({
  path: '/search',
  nav: 'Search',
  scripts: ['search'],
  load,
  title: ({ query }) => (query === '' ? 'Search' : `${query.slice(0, 60)} · Search`),
  main: (data, view) =>
    html`<div class="head">
        <h1>Search</h1>
        ${searchForm(view.query)} ${activeFilters(view.query)}
      </div>
      <div id="results">${results(data, view)}</div>`,
});

/** What was found, for the script that asks while one types. */
export const searchResults: Fragment = {
  path: '/search/results',
  load: async (view) => results(await load(view), view),
};

async function load({ ctx, services, epoch, query }: View): Promise<Data> {
  const asked = askedBy(query);
  if (asked === '') return { query: asked, results: [], memory: [] };
  const kind = `ui/search/${hash('sha256', asked).slice(0, 16)}`;
  const cursor = query.get('cursor') ?? '';
  const search = { query: asked, scope: 'all', fuzzyThreshold: FUZZY } as const;
  const [found, remembered] = await Promise.all([
    services.search.messages(ctx, {
      ...{ ...search, metadata: true, limit: PER_PAGE },
      ...(cursor === '' ? {} : { position: decodeCursor(epoch, kind, position, cursor) }),
    }),
    cursor === '' ? services.search.memory(ctx, { ...search, limit: MEMORY_SHOWN }) : [],
  ]);
  return {
    query: asked,
    results: found.results.map(({ message, score, snippet, sessionPurpose }) => ({
      ...{ message: toHead(message), score, snippet },
      session_purpose: sessionPurpose.slice(0, PURPOSE_SHOWN).toWellFormed(),
    })),
    memory: remembered.map(({ entry, score, snippet }) => ({ entry: toEntry(entry), score, snippet })),
    ...(found.corrected === undefined ? {} : { corrected_query: found.corrected }),
    ...(found.degraded ? { degraded: true as const } : {}),
    ...(found.next === undefined ? {} : { next_cursor: encodeCursor(epoch, kind, found.next) }),
  };
}

const LABELS: Readonly<Record<Operator, string>> = {
  from: 'From agent',
  session: 'Session',
  type: 'Type',
  visibility: 'Visibility',
  after: 'Since',
  before: 'Before',
};

function searchForm(query: URLSearchParams): Html {
  const value = (name: string): string => query.get(name) ?? '';
  const same = (text: string) => ({ value: text, label: text.replace('_', ' ') });
  const any = { value: '', label: 'Any' };
  return html`<form class="stack" id="search" role="search" aria-label="Everything" data-autosubmit>
    <div class="filters">
      <label class="field grow"
        ><span>Messages and memory</span
        ><input
          type="search"
          name="q"
          value="${value('q')}"
          maxlength="${MAX_QUERY}"
          placeholder='Words, "a phrase", -not, from:agent'
          autocomplete="off"
          data-search
      /></label>
      <button>Search</button>
    </div>
    <details class="filtering" ${OPERATORS.some((name) => value(name) !== '') ? html`open` : none}>
      <summary>Filter</summary>
      <div class="filters">
        <label class="field"
          ><span>${LABELS.from}</span><input name="from" value="${value('from')}" maxlength="100"
        /></label>
        <label class="field"
          ><span>${LABELS.session}</span
          ><input name="session" value="${value('session')}" maxlength="100" placeholder="session_…"
        /></label>
        ${select('type', LABELS.type, [any, ...MESSAGE_TYPES.map(same)], value('type'))}
        ${select('visibility', LABELS.visibility, [any, ...VISIBILITIES.map(same)], value('visibility'))}
        <label class="field"
          ><span>${LABELS.after} (UTC)</span><input type="date" name="after" value="${value('after')}"
        /></label>
        <label class="field"
          ><span>${LABELS.before} (UTC)</span><input type="date" name="before" value="${value('before')}"
        /></label>
      </div>
    </details>
  </form>`;
}

function activeFilters(query: URLSearchParams): Html {
  const all = OPERATORS.map((name) => ({ name, label: LABELS[name], value: query.get(name) ?? '' }));
  return chips(query, all);
}

function results(data: Data, view: View): Html {
  if (data.query === '') return help();
  const { query } = view;
  const { corrected_query: corrected, next_cursor: next } = data;
  const first = query.has('cursor') ? html`<a href="${here(query, { cursor: null })}">Best</a>` : none;
  return html`${
      corrected === undefined
        ? none
        : html`<p class="note">
            Nothing is called just that; this is what <strong>${corrected}</strong> finds.
          </p>`
    }
    ${data.degraded ? html`<p class="note">The index is being made: only the newest messages were searched.</p>` : none}
    ${data.memory.length === 0 ? none : memoryHits(data.memory, view)}
    ${data.results.length === 0 ? nothingFound(data) : messageHits(data, view)}
    <nav class="pager" aria-label="More results">
      ${first}
      ${next === undefined ? none : html`<a rel="next" href="${here(query, { cursor: next })}">More</a>`}
    </nav>`;
}

/** Of the page, whichever address the results came from. */
function here(query: URLSearchParams, change: Readonly<Record<string, string | null>>): string {
  return `/ui/search${queryWith(query, change)}`;
}

function messageHits({ results: hits, query }: Data, view: View): Html {
  return html`<section class="stack" aria-labelledby="found">
    <div class="facts">
      <h2 id="found">Messages</h2>
      ${exportLinks({ query })}
    </div>
    <ol class="hits">
      ${hits.map((hit) => messageHit(hit, view))}
    </ol>
  </section>`;
}

function messageHit({ message, snippet, session_purpose: purpose }: MessageHit, { now }: View): Html {
  const { id, session_id: session, sender, message_type: type, visibility } = message;
  const place = `/ui/sessions/${encodeURIComponent(session)}`;
  return html`<li data-row>
    <p class="facts">
      ${agentName(sender)} ${type === 'message' ? none : mark(type, `type-${type}`)}
      ${visibility === 'public' ? none : mark(visibility.replace('_', ' '), 'hidden-from')}
      <a class="faint" href="${place}">${purpose}</a> ${timeOf(message.timestamp, now)}
    </p>
    <a class="row" href="${place}?at=${id}#m-${id}">${marked(snippet)}</a>
  </li>`;
}

function memoryHits(hits: readonly EntryHit[], { now }: View): Html {
  return html`<section class="stack" aria-labelledby="remembered">
    <h2 id="remembered">Memory</h2>
    <ol class="hits">
      ${hits.map(
        ({ entry, snippet }) =>
          html`<li data-row>
            <p class="facts">
              <a href="${entryAddress(entry)}"><code>${entry.key}</code></a> ${mark(entry.scope)}
              ${agentName(entry.updated_by)} ${timeOf(entry.updated_at, now)}
            </p>
            <a class="row" href="${entryAddress(entry)}">${marked(snippet)}</a>
          </li>`,
      )}
    </ol>
  </section>`;
}

/** What matched stands between stars; a text's own are gone from it. */
function marked(snippet: string): Html {
  const parts = snippet.split('**');
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<mark>${part}</mark>` : part))}`;
}

function nothingFound({ memory }: Data): Html {
  return html`<div class="empty">
    <p>${memory.length === 0 ? 'Nothing was found.' : 'No message was found.'}</p>
    <p class="faint">Take words away, or remove a filter: every word counts, typing errors are forgiven.</p>
  </div>`;
}

const EXAMPLES: readonly (readonly [query: string, meaning: string])[] = [
  ['lock "lost update" -retry', 'both words of the phrase in this order, and no retry'],
  ['from:reviewer type:decision', 'what reviewer decided'],
  ['migration after:2026-03-01 before:2026-04-01', 'in March'],
  ['visibility:private has:code', 'private messages with code in them'],
  ['session:session_… deploy', 'in one session'],
];

function help(): Html {
  return html`<dl class="examples">
    ${EXAMPLES.map(
      ([query, meaning]) =>
        html`<div>
          <dt>
            <a href="/ui/search?q=${encodeURIComponent(query)}"><code>${query}</code></a>
          </dt>
          <dd class="faint">${meaning}</dd>
        </div>`,
    )}
  </dl>`;
}
