/** `/ui/leases`: who holds what and for how long, and how an operator takes it away. */
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import { toLease, type Lease } from '../../http/objects.ts';
import { confirmed, filledIn, pager, timeLeft } from '../controls.ts';
import { agentName, chips, countOf, mark, timeOf } from '../parts.ts';
import { definePage, html, none, type Action, type Html, type View } from '../page.ts';
import { agentPath } from './agents.ts';

interface Data {
  readonly leases: readonly Lease[];
  /** Requests that wait in line. */
  readonly waiting: number;
  readonly next_cursor?: string;
}

const KIND = 'ui/leases';
const PER_PAGE = 100;
const FILTERS = ['resource', 'holder'] as const;

export const leasesPage = definePage<Data>({
  path: '/leases',
  nav: 'Leases',
  scripts: ['countdown'],
  // Who waits in line is in no event.
  live: () => ({ kinds: ['lease.'], everySeconds: 10 }),

  async load({ ctx, services, epoch, query }) {
    const { cursor, ...filter } = filledIn(query, [...FILTERS, 'cursor']);
    const page = await services.leases.list(ctx, {
      ...{ ...filter, limit: PER_PAGE },
      ...(cursor === undefined ? {} : { after: decodeCursor(epoch, KIND, z.number(), cursor) }),
    });
    return {
      leases: page.leases.map(toLease),
      waiting: services.leases.waiting,
      ...(page.next === null ? {} : { next_cursor: encodeCursor(epoch, KIND, page.next) }),
    };
  },

  title: () => 'Leases',

  main({ leases, waiting, next_cursor: next }, view) {
    const { query } = view;
    const filter = filledIn(query, FILTERS);
    const filtered = Object.keys(filter).length > 0;
    return html`<div class="head">
        <h1>Leases</h1>
        <p class="facts"><span>${countOf(waiting)} waiting in line</span></p>
        <form class="filters" role="search">
          <label class="field grow"
            ><span>Resource</span
            ><input name="resource" value="${filter.resource ?? ''}" placeholder="src/**" maxlength="500"
          /></label>
          <label class="field"
            ><span>Holder</span
            ><input name="holder" value="${filter.holder ?? ''}" placeholder="Any agent" maxlength="100"
          /></label>
          <button>Filter</button>
        </form>
        ${chips(query, [
          { name: 'resource', label: 'Meets', value: filter.resource ?? '' },
          { name: 'holder', label: 'Holder', value: filter.holder ?? '' },
        ])}
      </div>
      ${leases.length === 0 ? nothing(filtered) : table(leases, view)}
      ${pager(query, next, { label: 'More leases', first: 'First leases', next: 'Later leases' })}`;
  },
});

/** Takes a lease from its holder, who is told. */
export const releaseLease: Action = {
  path: '/leases/:id/release',
  async run({ ctx, services, param }) {
    await services.leases.release(ctx, { leaseId: param('id') });
    return { to: '/ui/leases' };
  },
};

function table(leases: readonly Lease[], view: View): Html {
  return html`<table class="list">
    <thead>
      <tr>
        <th scope="col">Resources</th>
        <th scope="col">Holder</th>
        <th scope="col">Reason</th>
        <th scope="col">Granted</th>
        <th scope="col" class="number">Time left</th>
        <th scope="col"><span class="hidden">Release</span></th>
      </tr>
    </thead>
    <tbody>
      ${leases.map((lease) => row(lease, view))}
    </tbody>
  </table>`;
}

function row(lease: Lease, view: View): Html {
  const { lease_id: id, holder, resources, session_id: session } = lease;
  const shown = resources.slice(0, SHOWN);
  const rest = resources.length - shown.length;
  return html`<tr data-row data-key="${id}">
    <td class="wide resources">
      ${shown.map((resource) => html`<code>${resource}</code> `)}${
        rest > 0 ? html`<span class="faint">and ${rest} more</span> ` : none
      }${mark(lease.mode)}
    </td>
    <td><a class="row" href="${agentPath(holder)}">${agentName(holder)}</a></td>
    <td>
      ${lease.reason ?? html`<span class="faint nothing">–</span>`}
      ${session === null ? none : html`<a href="/ui/sessions/${encodeURIComponent(session)}">Session</a>`}
    </td>
    <td class="faint">${timeOf(lease.granted_at, view.now)}</td>
    <td class="number">${timeLeft(lease.expires_at, view.now)}<span class="unit"> left</span></td>
    <td class="act">
      ${confirmed(view, {
        ask: 'Release…',
        about: `the lease of ${holder}`,
        question: `Take it from ${holder}? It may be in the middle of its work; it is told.`,
        button: 'Release it',
        action: `/ui/leases/${encodeURIComponent(id)}/release`,
      })}
    </td>
  </tr>`;
}

const SHOWN = 6;

function nothing(filtered: boolean): Html {
  if (filtered)
    return html`<div class="empty">
      <p>No lease fits the filter.</p>
      <p><a href="/ui/leases">Show all leases</a></p>
    </div>`;
  return html`<div class="empty">
    <h2>Nothing is held</h2>
    <p>Agents take files and other things for themselves with <code>acquire_lease</code>, for a time.</p>
    <p class="faint">What they hold appears here.</p>
  </div>`;
}
