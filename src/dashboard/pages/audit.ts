/** `/ui/audit`: who did what, newest first. */
import { auditInput, auditPage as listAudit } from '../../http/api/audit.ts';
import { parser } from '../../http/api/context.ts';
import { AUDIT_EVENTS } from '../../features/audit/auditor.ts';
import type { AuditEntry } from '../../http/objects.ts';
import { auditExportLinks } from '../export-links.ts';
import { filledIn, isoOfField, pager } from '../controls.ts';
import { agentName, chips, mark, queryWith, select, timeOf } from '../parts.ts';
import { definePage, html, none, type Html, type View } from '../page.ts';
import { agentPath } from './agents.ts';

interface Data {
  readonly entries: readonly AuditEntry[];
  readonly truncated: boolean;
  readonly next_cursor?: string;
}

const PER_PAGE = 100;
const FILTERS = ['agent_id', 'event_type', 'session_id', 'since', 'until'] as const;
const LABELS = {
  agent_id: 'Actor',
  event_type: 'Event',
  session_id: 'Session',
  since: 'From',
  until: 'To',
} as const;
const checked = parser(auditInput);

export const auditPage = definePage<Data>({
  path: '/audit',
  nav: 'Audit',

  async load(view) {
    const { cursor } = filledIn(view.query, ['cursor']);
    const place = cursor === undefined ? {} : { cursor };
    const input = checked({ ...filterOf(view.query), ...place, limit: PER_PAGE });
    return listAudit(view, view.ctx, input);
  },

  title: () => 'Audit',

  main({ entries, next_cursor: next }, view) {
    const { query } = view;
    const filter = filledIn(query, FILTERS);
    return html`<div class="head">
        <h1>Audit</h1>
        ${form(filter)}
        ${chips(
          query,
          FILTERS.map((name) => ({ name, label: LABELS[name], value: filter[name] ?? '' })),
        )}
      </div>
      ${entries.length === 0 ? nothing(query) : table(entries, view)}
      ${
        entries.length === 0
          ? none
          : html`<p class="facts">
              ${auditExportLinks(filterOf(query))}
              <a href="/ui/audit.json${queryWith(query, {})}" download="audit.json">These rows as JSON</a>
            </p>`
      }
      ${pager(query, next, { label: 'More of the audit log', first: 'Newest', next: 'Older' })}`;
  },
});

/** As the API takes it. */
function filterOf(query: URLSearchParams): Readonly<Record<string, string>> {
  const { since, until, ...given } = filledIn(query, FILTERS);
  return {
    ...given,
    ...(since === undefined ? {} : { since: isoOfField(since) }),
    ...(until === undefined ? {} : { until: isoOfField(until) }),
  };
}

type Filter = Partial<Record<(typeof FILTERS)[number], string>>;

function form(filter: Filter): Html {
  const events = [
    { value: '', label: 'Any event' },
    ...AUDIT_EVENTS.map((event) => ({ value: event, label: event })),
  ];
  const minute = (iso = ''): string => /^\d{4}-\d\d-\d\dT\d\d:\d\d/.exec(iso)?.[0] ?? '';
  return html`<form class="filters" role="search" data-autosubmit>
    <label class="field"
      ><span>Actor</span
      ><input name="agent_id" value="${filter.agent_id ?? ''}" placeholder="Any agent" maxlength="100"
    /></label>
    ${select('event_type', 'Event', events, filter.event_type ?? '')}
    <label class="field grow"
      ><span>Session</span
      ><input name="session_id" value="${filter.session_id ?? ''}" placeholder="Any session" maxlength="100"
    /></label>
    <label class="field"
      ><span>From (UTC)</span><input type="datetime-local" name="since" value="${minute(filter.since)}"
    /></label>
    <label class="field"
      ><span>To (UTC)</span><input type="datetime-local" name="until" value="${minute(filter.until)}"
    /></label>
    <button>Filter</button>
  </form>`;
}

function table(entries: readonly AuditEntry[], { now, query }: View): Html {
  return html`<table class="list audit">
    <thead>
      <tr>
        <th scope="col">When</th>
        <th scope="col">Actor</th>
        <th scope="col">Event</th>
        <th scope="col">Target</th>
        <th scope="col">Result</th>
        <th scope="col">Key</th>
      </tr>
    </thead>
    <tbody>
      ${entries.map((entry) => row(entry, now, query))}
    </tbody>
  </table>`;
}

function row(entry: AuditEntry, now: number, query: URLSearchParams): Html {
  const { actor, event_type: event, details, session_id: session, resource } = entry;
  const extra = Object.keys(details).length === 0 ? '' : JSON.stringify(details);
  return html`<tr data-row>
    <td class="faint at">${timeOf(entry.at, now)}</td>
    <td>
      ${actor === null ? html`<span class="faint">${entry.key_id === null ? 'a stranger' : 'no agent'}</span>` : html`<a class="row" href="${agentPath(actor)}">${agentName(actor)}</a>`}
    </td>
    <td>
      <a class="event" href="${queryWith(query, { event_type: event, cursor: null })}">${event}</a>
      <span class="faint">${entry.action}</span>
    </td>
    <td class="target">
      ${resource === null ? none : html`<code>${resource}</code>`}
      ${session === null ? none : html`<a href="/ui/sessions/${encodeURIComponent(session)}">session</a>`}
      ${extra === '' ? none : html`<code class="faint id">${extra.slice(0, SHOWN)}</code>`}
    </td>
    <td>${mark(entry.result, entry.result === 'refused' ? 'bad' : 'good')}</td>
    <td class="faint key"><code>${entry.key_id ?? '–'}</code></td>
  </tr>`;
}

const SHOWN = 200;

function nothing(query: URLSearchParams): Html {
  const all = Object.fromEntries([...FILTERS, 'cursor'].map((name) => [name, null]));
  return html`<div class="empty">
    <p>Nothing in the audit log fits.</p>
    <p class="faint">
      Logins, refusals, changes of keys and what operators read and do are written down here.
    </p>
    <p><a href="${queryWith(query, all)}">Show all of it</a></p>
  </div>`;
}
