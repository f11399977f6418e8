/** `/ui/sessions/:id`: what was said in a session, newest at the bottom, and live. */
import { encodeCursor } from '../../features/cursor.ts';
import { EVENTS } from '../../http/events/event-text.ts';
import { MESSAGE_TYPES, toSession, VISIBILITIES, type Message, type Session } from '../../http/objects.ts';
import { agentNames, chips, counted, mark, queryWith, select, timeOf } from '../parts.ts';
import { definePage, html, none, type Fragment, type Html, type View } from '../page.ts';
import { exportLinks } from '../export-links.ts';
import { FILTERS, searchFor } from '../timeline/filter.ts';
import { loadRows, type Rows } from '../timeline/load.ts';
import { rowList } from '../timeline/row.ts';
import { closeQuestion, speakForm } from '../timeline/speak.ts';

interface Data extends Rows {
  readonly session: Session;
  /** Where the event stream goes on from what is shown. */
  readonly position: string;
  readonly messages: readonly Message[];
}

const SHOWN_AGENTS = 8;
const LISTED_AGENTS = 100;

export const timelinePage = definePage<Data>({
  path: '/sessions/:id',
  scripts: ['timeline'],

  async load(view) {
    const { ctx, services, epoch } = view;
    const sessionId = view.param('id');
    const session = toSession(await services.sessions.get(ctx, sessionId));
    // Before the rows: what comes in between is told twice rather than not at all.
    const { start } = await services.feed.open(ctx, { sessionId });
    const rows = await loadRows(view, sessionId);
    return { session, position: encodeCursor(epoch, EVENTS, start), ...rows };
  },

  title: ({ session }) => session.purpose.slice(0, 80),

  main(data, view) {
    const { session, messages, older, newer } = data;
    const { query } = view;
    return html`<div class="head">
        <p class="crumbs"><a href="/ui/sessions">Sessions</a></p>
        <h1>${session.purpose}</h1>
        ${summary(session, view)} ${doings(session, view)} ${filterForm(session, query)}
        ${activeFilters(query)}
      </div>
      <div
        id="timeline"
        data-session="${session.session_id}"
        data-path="${view.path}"
        data-position="${data.position}"
      >
        <p class="edge" id="older">
          ${older === null ? none : html`<a rel="prev" href="${older}">Older messages</a>`}
        </p>
        ${rowList(data, rowOptions(view))} ${messages.length === 0 ? nothing(query) : none}
        <p class="edge" id="newer">
          ${newer === null ? none : html`<a rel="next" href="${newer}">Newer messages</a>`}
        </p>
      </div>
      <div class="tail" id="tail" hidden>
        <button type="button" id="live" aria-pressed="true">
          <span class="dot" aria-hidden="true"></span><span id="live-state">Live</span>
        </button>
        <button type="button" id="jump" class="primary" hidden></button>
      </div>
      ${speakForm(session, view)}`;
  },
});

/** Rows alone, for the script of the page. */
export const timelineRows: Fragment = {
  path: '/sessions/:id/rows',
  async load(view) {
    const path = view.path.replace(/\/rows$/, '');
    return rowList(await loadRows(view, view.param('id')), rowOptions({ ...view, path }));
  },
};

function rowOptions({ now, query, path, renderBody }: View) {
  return { now, path, renderBody, raw: query.get('view') === 'raw' };
}

function summary(session: Session, { now, query }: View): Html {
  const raw = query.get('view') === 'raw';
  return html`<p class="facts">
    ${session.is_active ? none : mark('closed')}
    <span>${counted(session.message_count, 'message')}</span>
    <span>opened ${timeOf(session.created_at, now)} by ${agentNames([session.created_by], 1)}</span>
    ${agentNames(session.participants, SHOWN_AGENTS)}
    <code class="faint">${session.session_id}</code>
    <a href="${queryWith(query, { view: raw ? null : 'raw' })}">${raw ? 'Formatted' : 'Raw'}</a>
  </p>`;
}

/** What can be done with a session; a thread is none that could be exported by itself. */
function doings(session: Session, view: View): Html {
  const { session_id: sessionId, is_active: isActive } = session;
  const { query } = view;
  const memory = `/ui/memory?session=${encodeURIComponent(sessionId)}`;
  const exports =
    (query.get('thread') ?? '') === '' ? exportLinks({ sessionId, query: searchFor(query) }) : none;
  return html`<div class="facts">
    ${exports} <a href="${memory}">Memory</a> ${isActive ? closeQuestion(view) : none}
  </div>`;
}

function filterForm(session: Session, query: URLSearchParams): Html {
  const value = (name: (typeof FILTERS)[number]): string => query.get(name) ?? '';
  const any = (label: string) => ({ value: '', label });
  const same = (text: string) => ({ value: text, label: text.replace('_', ' ') });
  const agents = new Set(session.participants.slice(0, LISTED_AGENTS));
  if (value('agent') !== '') agents.add(value('agent'));
  const isFiltered = FILTERS.some((name) => name !== 'thread' && value(name) !== '');
  return html`<details class="filtering" ${isFiltered ? html`open` : none}>
    <summary>Filter</summary>
    <form class="filters" data-autosubmit>
      ${select('agent', 'Agent', [any('Any agent'), ...[...agents].map((id) => ({ value: id, label: id }))], value('agent'))}
      ${select('type', 'Type', [any('Any type'), ...MESSAGE_TYPES.map(same)], value('type'))}
      ${select('visibility', 'Visibility', [any('Any'), ...VISIBILITIES.map(same)], value('visibility'))}
      <label class="field"
        ><span>From (UTC)</span
        ><input type="datetime-local" name="since" value="${localTime(value('since'))}"
      /></label>
      <label class="field"
        ><span>To (UTC)</span><input type="datetime-local" name="until" value="${localTime(value('until'))}"
      /></label>
      <label class="field check"
        ><input type="checkbox" name="code" value="1" ${value('code') === '' ? none : html`checked`} /><span
          >Has code</span
        ></label
      >
      ${value('thread') === '' ? none : html`<input type="hidden" name="thread" value="${value('thread')}" />`}
      <button>Apply</button>
    </form>
  </details>`;
}

/** As the field of a browser takes it. */
function localTime(text: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.exec(text)?.[0] ?? '';
}

const LABELS: Readonly<Record<(typeof FILTERS)[number], string>> = {
  agent: 'Agent',
  type: 'Type',
  visibility: 'Visibility',
  since: 'From',
  until: 'To',
  code: 'Has',
  thread: 'Thread of',
};

function activeFilters(query: URLSearchParams): Html {
  return chips(
    query,
    FILTERS.map((name) => {
      const value = query.get(name) ?? '';
      const shown =
        name === 'code' && value !== '' ? 'code' : name === 'thread' && value !== '' ? `#${value}` : value;
      return { name, label: LABELS[name], value: shown };
    }),
  );
}

function nothing(query: URLSearchParams): Html {
  const filtered = FILTERS.some((name) => (query.get(name) ?? '') !== '');
  return html`<div class="empty" id="nothing">
    <p>${filtered ? 'No message fits the filter.' : 'Nothing has been said here yet.'}</p>
  </div>`;
}
