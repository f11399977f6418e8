/** `/ui/sessions`: every session, what it is for, who is in it, and when something last happened. */
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import type { SessionFilter } from '../../features/sessions/service.ts';
import { toSession, type Session } from '../../http/objects.ts';
import { SESSION_ORDERS, type SessionOrder } from '../../http/objects.ts';
import { z } from 'zod';
import { agentName, agentNames, countOf, mark, queryWith, select, timeOf } from '../parts.ts';
import { oneOf } from '../timeline/filter.ts';
import { definePage, html, none, type Html, type View } from '../page.ts';

interface Data {
  readonly sessions: readonly Session[];
  readonly next_cursor?: string;
}

const PER_PAGE = 50;
const MAX_QUERY = 500;
const SHOWN_AGENTS = 4;
const SORTED_REST_SECONDS = 5;
const position = z.union([z.number(), z.tuple([z.number(), z.number()])]);
const ORDERS = [
  { value: '', label: 'Last activity' },
  { value: 'oldest', label: 'Longest quiet' },
  { value: 'opened_last', label: 'Opened last' },
  { value: 'opened_first', label: 'Opened first' },
  { value: 'most_messages', label: 'Most messages' },
  { value: 'fewest_messages', label: 'Fewest messages' },
];
const STATES = [
  { value: '', label: 'All' },
  { value: 'active', label: 'Active' },
  { value: 'closed', label: 'Closed' },
];

export const sessionsPage = definePage<Data>({
  path: '/sessions',
  nav: 'Sessions',
  live: (query) => ({
    kinds: ['session.', 'message.'],
    // All sessions are counted for it.
    ...((query.get('sort') ?? '').endsWith('_messages') ? { restSeconds: SORTED_REST_SECONDS } : {}),
  }),

  async load(view) {
    const page = await view.services.sessions.list(view.ctx, filterOf(view));
    const kind = kindOf(orderOf(view.query));
    return {
      sessions: page.sessions.map(toSession),
      ...(page.next === null ? {} : { next_cursor: encodeCursor(view.epoch, kind, page.next) }),
    };
  },

  title: () => 'Sessions',

  main(data, view) {
    const { query } = view;
    const filtered = ['q', 'state', 'agent', 'cursor'].some((name) => (query.get(name) ?? '') !== '');
    if (data.sessions.length === 0 && !filtered) return welcome();
    return html`<div class="head">
        <h1>Sessions</h1>
        ${filters(query)}
      </div>
      ${data.sessions.length === 0 ? nothingFound(data, query) : table(data.sessions, view)}
      ${pager(data, query)}`;
  },
});

/** @throws HubError INVALID_INPUT */
function orderOf(query: URLSearchParams): SessionOrder {
  return oneOf('sort', query.get('sort') || 'newest', SESSION_ORDERS);
}

/** A place in one order is none in another. */
const kindOf = (order: SessionOrder): string => `ui/sessions/${order}`;

function filterOf({ query, epoch }: View): SessionFilter {
  const text = (query.get('q') ?? '').trim().slice(0, MAX_QUERY);
  const state = query.get('state') ?? '';
  const agent = query.get('agent') ?? '';
  const cursor = query.get('cursor') ?? '';
  const order = orderOf(query);
  return {
    ...{ limit: PER_PAGE, order },
    ...(text === '' ? {} : { query: text }),
    ...(state === '' ? {} : { isActive: state === 'active' }),
    ...(agent === '' ? {} : { createdBy: agent }),
    ...(cursor === '' ? {} : { before: decodeCursor(epoch, kindOf(order), position, cursor) }),
  };
}

function filters(query: URLSearchParams): Html {
  const value = (name: string): string => query.get(name) ?? '';
  return html`<form class="filters" role="search" data-autosubmit>
    <label class="field grow"
      ><span>Purpose</span
      ><input type="search" name="q" value="${value('q')}" placeholder="Any words" maxlength="500"
    /></label>
    <label class="field"
      ><span>Created by</span
      ><input name="agent" value="${value('agent')}" placeholder="Any agent" maxlength="100"
    /></label>
    ${select('state', 'State', STATES, value('state'))} ${select('sort', 'Sort', ORDERS, value('sort'))}
    <button>Apply</button>
  </form>`;
}

function table(sessions: readonly Session[], { now, query }: View): Html {
  const order = orderOf(query);
  return html`<table class="list sessions">
    <thead>
      <tr>
        <th scope="col">Purpose</th>
        <th scope="col">Agents</th>
        ${sortable('Messages', 'most_messages', 'fewest_messages', { order, query, at: 'number' })}
        <th scope="col">Created by</th>
        ${sortable('Opened', 'opened_last', 'opened_first', { order, query })}
        ${sortable('Last activity', 'newest', 'oldest', { order, query })}
      </tr>
    </thead>
    <tbody>
      ${sessions.map((session) => row(session, now))}
    </tbody>
  </table>`;
}

/** A heading that leads to its order, and where it is in that, to the opposite. */
function sortable(
  label: string,
  falling: SessionOrder,
  rising: SessionOrder,
  {
    order,
    query,
    at = 'when',
  }: { readonly order: SessionOrder; readonly query: URLSearchParams; readonly at?: 'when' | 'number' },
): Html {
  const next = order === falling ? rising : falling;
  const sorted = order === falling ? 'descending' : order === rising ? 'ascending' : undefined;
  return html`<th scope="col" class="${at}" ${sorted === undefined ? none : html`aria-sort="${sorted}"`}>
    <a class="sort" href="${queryWith(query, { sort: next, cursor: null })}"
      >${label}${sorted === undefined ? none : html`<span aria-hidden="true"> ${sorted === 'descending' ? '↓' : '↑'}</span>`}</a
    >
  </th>`;
}

function row(session: Session, now: number): Html {
  const { session_id: id, is_active: isActive } = session;
  return html`<tr data-row data-key="${id}">
    <td class="wide">
      <a class="row" href="/ui/sessions/${encodeURIComponent(id)}">${session.purpose}</a>
      ${isActive ? none : mark('closed')} <code class="faint id">${id}</code>
    </td>
    <td>${agentNames(session.participants, SHOWN_AGENTS)}</td>
    <td class="number">
      ${countOf(session.message_count)}<span class="unit">
        ${session.message_count === 1 ? 'message' : 'messages'}</span
      >
    </td>
    <td class="by">${agentName(session.created_by)}</td>
    <td class="when opened"><span class="unit">opened </span>${timeOf(session.created_at, now)}</td>
    <td class="when">
      <span class="unit">active </span>${timeOf(session.last_message_at ?? session.updated_at, now)}
    </td>
  </tr>`;
}

function pager({ next_cursor: next }: Data, query: URLSearchParams): Html {
  const first = query.has('cursor')
    ? html`<a href="${queryWith(query, { cursor: null })}">First sessions</a>`
    : none;
  const more =
    next === undefined
      ? none
      : html`<a rel="next" href="${queryWith(query, { cursor: next })}">More sessions</a>`;
  return html`<nav class="pager" aria-label="More sessions">${first} ${more}</nav>`;
}

function nothingFound({ next_cursor: next }: Data, query: URLSearchParams): Html {
  return html`<div class="empty">
    <p>No session fits${next === undefined ? '' : ' so far; there are more to look through'}.</p>
    <p>
      <a href="${queryWith(query, { q: null, state: null, agent: null, cursor: null })}">Show all sessions</a>
    </p>
  </div>`;
}

function welcome(): Html {
  return html`<div class="head"><h1>Sessions</h1></div>
    <div class="empty">
      <h2>Nobody has opened a session yet</h2>
      <p>Connect the coding agents on this machine; each gets a key of its own:</p>
      <p><code class="command" data-copy>schub connect --all</code></p>
      <p class="faint">Then load this page again: the first session is here as soon as an agent opens it.</p>
    </div>`;
}
