/** `/ui/health`: how each part of the hub does, and what there is of everything now. */
import type { HealthReport, HealthStatus } from '../../features/health/service.ts';
import { performanceReport, type Performance } from '../../http/objects.ts';
import { sizeOf } from '../controls.ts';
import { countOf, mark } from '../parts.ts';
import { definePage, html, type Html } from '../page.ts';

interface Data {
  readonly version: string;
  readonly health: HealthReport;
  readonly now: Performance;
}

const WORDS: Readonly<Record<HealthStatus, string>> = {
  healthy: 'The hub is healthy',
  degraded: 'The hub works, with less than it should',
  failed: 'The hub cannot store anything',
};
/** Names of parts as people call them; others are shown as they are. */
const NAMES: Readonly<Record<string, string>> = {
  store: 'Database',
  readers: 'Reader threads',
  event_log: 'Event log',
  index: 'Search index',
  search_workers: 'Search threads',
  disk: 'Disk',
  memory: 'Memory',
  backups: 'Backups',
};

export const healthPage = definePage<Data>({
  path: '/health',
  nav: 'Health',
  live: () => ({ kinds: [], everySeconds: 5 }),

  async load(view) {
    const { ctx, services, version } = view;
    const health = await services.health.report(ctx);
    return { version, health, now: await performanceReport(view, ctx) };
  },

  title: ({ health }) => `Health: ${health.status}`,

  main({ version, health, now }, view) {
    return html`<div class="head">
        <h1>${WORDS[health.status]}</h1>
        <p class="facts">
          <span>version ${version}</span>
          <span>up for ${duration(now.process.uptime_s)}</span>
          <span>at <code>${view.publicUrl}</code></span>
          <a href="/ui/metrics">Metrics</a>
        </p>
      </div>
      ${parts(health)} ${figures(now)}`;
  },
});

function parts({ parts: all }: HealthReport): Html {
  return html`<table class="list">
    <thead>
      <tr>
        <th scope="col">Part</th>
        <th scope="col">State</th>
        <th scope="col" class="text">What it says</th>
      </tr>
    </thead>
    <tbody>
      ${all.map(
        ({ part, status, reason }) =>
          html`<tr data-row>
            <th scope="row">${NAMES[part] ?? part}</th>
            <td>${mark(status, { healthy: 'good', degraded: 'note', failed: 'bad' }[status])}</td>
            <td class="text">${reason ?? html`<span class="faint nothing">–</span>`}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

interface Group {
  readonly title: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
}

function figures(now: Performance): Html {
  return html`<div class="groups">
    ${groupsOf(now).map(
      ({ title, facts }) =>
        html`<section class="block">
          <h2>${title}</h2>
          <dl class="figures">
            ${facts.map(
              ([name, value]) =>
                html`<div>
                  <dt>${name}</dt>
                  <dd>${value}</dd>
                </div>`,
            )}
          </dl>
        </section>`,
    )}
  </div>`;
}

function groupsOf({ store, search, waiting, process, ...now }: Performance): readonly Group[] {
  const of = (busy: number, all: number): string => `${countOf(busy)} of ${countOf(all)} at work`;
  return [
    {
      title: 'Database',
      facts: [
        ['File', sizeOf(store.database_bytes)],
        ['Write-ahead log', sizeOf(store.wal_bytes)],
        ['Free on the disk', sizeOf(store.disk_free_bytes)],
        ['Writes waiting', countOf(store.writes_waiting)],
        ['Readers', of(store.readers_busy, store.readers)],
        ['Reads waiting', countOf(store.reads_waiting)],
      ],
    },
    {
      title: 'Who is there',
      facts: [
        ['MCP sessions', countOf(now.mcp_sessions)],
        ['Subscriptions', countOf(now.subscriptions)],
        ['Listeners', countOf(now.listeners)],
        ['Waiting for messages', countOf(waiting.messages)],
        ['Waiting for leases', countOf(waiting.leases)],
      ],
    },
    {
      title: 'Search',
      facts: [
        ['Threads', of(search.busy, search.threads)],
        ['Searches waiting', countOf(search.waiting)],
        ['Index behind by', search.index_lag === null ? 'not known yet' : countOf(search.index_lag)],
      ],
    },
    {
      title: 'Process',
      facts: [
        ['Memory', sizeOf(process.rss_bytes)],
        ['Heap', sizeOf(process.heap_used_bytes)],
        ...loadOf(process),
      ],
    },
  ];
}

function loadOf({ cpu, loop_delay_p99_ms: delay }: Performance['process']): Group['facts'] {
  return [
    ...(cpu === undefined ? [] : [['Processor', `${Math.round(100 * cpu)} %`] as const]),
    ...(delay === undefined ? [] : [['Event loop late by (p99)', `${delay.toFixed(1)} ms`] as const]),
  ];
}

function duration(seconds: number): string {
  const [days, hours, minutes] = [86_400, 3_600, 60].map((size) => Math.floor(seconds / size)) as [
    number,
    number,
    number,
  ];
  if (days > 0) return `${days} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min` : `${seconds} s`;
}
