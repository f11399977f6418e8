/** `/ui/metrics`: what the hub did in a time, and who spoke in it. */
import { SHORTEST_STEP_SECONDS } from '../../features/metrics/service.ts';
import { parser } from '../../http/api/context.ts';
import { seriesInput, toQuery } from '../../http/api/metrics.ts';
import { performanceReport, toSeries, type Performance } from '../../http/objects.ts';
import { filledIn, isoOfField, millis } from '../controls.ts';
import { chart, chartsOf, type Series } from '../metrics/charts.ts';
import { agentName, counted, countOf } from '../parts.ts';
import { definePage, html, none, type Html, type View } from '../page.ts';

type Spoken = Awaited<ReturnType<typeof spokenIn>>;

interface Data {
  readonly series: Series;
  /** Of the times up to now only. */
  readonly window?: Performance['window'];
  /** Of a time that was chosen. */
  readonly spoken?: Spoken;
}

const checked = parser(seriesInput);
const LASTS = [
  { value: '15', label: '15 minutes' },
  { value: '60', label: 'Hour' },
  { value: '360', label: '6 hours' },
  { value: '1440', label: 'Day' },
];
const DEFAULT_LAST = '60';
/** Sessions, and agents, that are named. */
const NAMED = 100;

export const metricsPage = definePage<Data>({
  path: '/metrics',
  nav: 'Metrics',
  scripts: ['charts'],
  styles: ['uplot'],
  // A time that was chosen is over.
  live: (query) =>
    isChosen(query)
      ? undefined
      : { kinds: ['message.'], restSeconds: SHORTEST_STEP_SECONDS, everySeconds: SHORTEST_STEP_SECONDS },

  async load(view) {
    const { ctx, services, now } = view;
    const { from, to } = filledIn(view.query, ['from', 'to']);
    if (from === undefined && to === undefined) {
      const minutes = Number(lastOf(view.query));
      const series = toSeries(services.metrics.series(ctx, { from: now - minutes * 60_000 }));
      const { window } = await performanceReport(view, ctx, minutes * 60);
      return { series, ...(window === undefined ? {} : { window }) };
    }
    const range = toQuery(
      checked({
        ...(from === undefined ? {} : { from: isoOfField(from) }),
        ...(to === undefined ? {} : { to: isoOfField(to) }),
      }),
    );
    const series = toSeries(services.metrics.series(ctx, range));
    return { series, spoken: await spokenIn(view, Date.parse(series.from), Date.parse(series.to)) };
  },

  title: () => 'Metrics',

  main({ series, window, spoken }, { query }) {
    return html`<div class="head">
        <h1>Metrics</h1>
        ${rangeForm(series, query)}
        ${
          series.enabled
            ? html`<p class="faint">Draw over a chart to see that time alone, and who spoke in it.</p>`
            : html`<p class="problem">
                Nothing is measured by time: <code>ENABLE_PERFORMANCE_MONITORING</code> is false.
                <a href="/ui/health">What there is now</a>
              </p>`
        }
      </div>
      ${spoken === undefined ? none : whoSpoke(spoken, series)}
      ${series.enabled ? html`<div class="charts">${chartsOf(series).map((one) => chart(one, series))}</div>` : none}
      ${window === undefined ? none : byTool(window)}`;
  },
});

function isChosen(query: URLSearchParams): boolean {
  return Object.keys(filledIn(query, ['from', 'to'])).length > 0;
}

function lastOf(query: URLSearchParams): string {
  const last = query.get('last') ?? '';
  return LASTS.some(({ value }) => value === last) ? last : DEFAULT_LAST;
}

/** Who, and in which sessions, most first. */
async function spokenIn({ ctx, services }: View, start: number, end: number) {
  const found = await services.messages.spoken(ctx, { start, end, limit: NAMED });
  return {
    messages: found.messages,
    more: found.more,
    agents: found.senders.map(({ sender, messages }) => ({ agent_id: sender, messages })),
    agents_in_all: found.sendersInAll,
    sessions: found.sessions.map(({ sessionId, messages }) => ({ session_id: sessionId, messages })),
    sessions_in_all: found.sessionsInAll,
  };
}

function rangeForm({ from, to }: Series, query: URLSearchParams): Html {
  const last = isChosen(query) ? '' : lastOf(query);
  const minute = (iso: string): string => iso.slice(0, 16);
  return html`<div class="filters">
    <ul class="chips" aria-label="Time">
      ${LASTS.map(
        ({ value, label }) =>
          html`<li>
            <a
              class="chip ${value === last ? 'on' : ''}"
              href="?last=${value}"
              ${value === last ? html`aria-current="true"` : none}
              >${label}</a
            >
          </li>`,
      )}
    </ul>
    <form class="filters">
      <label class="field"
        ><span>From (UTC)</span><input type="datetime-local" name="from" value="${minute(from)}"
      /></label>
      <label class="field"
        ><span>To (UTC)</span><input type="datetime-local" name="to" value="${minute(to)}"
      /></label>
      <button>Show</button>
    </form>
  </div>`;
}

function whoSpoke({ agents, sessions, more, ...in_all }: Spoken, { from, to }: Series): Html {
  const range = new URLSearchParams({ since: from, until: to }).toString();
  const { messages, agents_in_all: agentsInAll, sessions_in_all: sessionsInAll } = in_all;
  return html`<section class="block" id="spoken">
    <h2>Who spoke from ${from.slice(11, 19)} to ${to.slice(11, 19)}</h2>
    ${messages === 0 ? html`<p class="faint">No message was sent in this time.</p>` : none}
    ${
      more
        ? html`<p class="faint">
            There are more than ${counted(messages, 'message')}, and so many are counted; choose a shorter
            time to see all.
          </p>`
        : none
    }
    <ul class="plain" aria-label="Agents">
      ${agents.map(({ agent_id: id, messages: said }) => html`<li>${agentName(id)} ${saidOf(said)}</li>`)}
      ${othersOf(agentsInAll - agents.length)}
    </ul>
    <ul class="plain" aria-label="Sessions">
      ${sessions.map(
        ({ session_id: id, messages: said }) =>
          html`<li>
            <a href="/ui/sessions/${encodeURIComponent(id)}?${range}">Timeline of <code>${id}</code></a>
            ${saidOf(said)}
          </li>`,
      )}
      ${othersOf(sessionsInAll - sessions.length)}
    </ul>
  </section>`;
}

function saidOf(messages: number): Html {
  return html`<span class="faint">${counted(messages, 'message')}</span>`;
}

function othersOf(count: number): Html {
  return count === 0 ? none : html`<li class="faint">and ${countOf(count)} more</li>`;
}

function byTool({ tools, errors_by_code: codes }: NonNullable<Performance['window']>): Html {
  if (tools.length === 0) return none;
  return html`<section class="block">
    <h2>By tool</h2>
    <table class="list">
      <thead>
        <tr>
          <th scope="col">Tool</th>
          ${['Calls', 'Errors', 'p50', 'p95', 'Longest'].map((name) => html`<th scope="col" class="number">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${tools.map(
          ({ tool, calls, errors, p50_ms: p50, p95_ms: p95, max_ms: longest }) =>
            html`<tr data-row>
              <th scope="row" class="name"><code>${tool}</code></th>
              <td class="number">${countOf(calls)}<span class="unit"> calls</span></td>
              <td class="number">${countOf(errors)}<span class="unit"> errors</span></td>
              <td class="number"><span class="unit">p50 </span>${millis(p50)}</td>
              <td class="number"><span class="unit">p95 </span>${millis(p95)}</td>
              <td class="number last"><span class="unit">longest </span>${millis(longest)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    <p class="facts">
      ${Object.entries(codes).map(([code, count]) => html`<span><code>${code}</code> ${countOf(count)}</span>`)}
    </p>
  </section>`;
}
