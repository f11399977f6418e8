/** The charts of the page of metrics, as data; each is a table as well, which the script `charts` draws. */
import type { z } from 'zod';
import type { seriesShape } from '../../http/objects.ts';
import { html, none, type Html } from '../page.ts';

export type Series = z.input<typeof seriesShape>;
type Point = Series['points'][number];

interface Line {
  readonly name: string;
  /** Null: nothing happened that could be measured. */
  readonly value: (point: Point) => number | null;
}

export interface Chart {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** Counts are zero where nothing happened; times are not there. */
  readonly counts: boolean;
  readonly lines: readonly Line[];
}

/** More lines than these could not be told apart. */
const MAX_TOOLS = 5;
const PER_MINUTE = 60;

export function chartsOf(series: Series): readonly Chart[] {
  const perMinute = (count: number): number => (count * PER_MINUTE) / series.step_seconds;
  return [
    {
      ...{ id: 'messages', title: 'Messages', unit: 'a minute', counts: true },
      lines: [{ name: 'Messages', value: ({ messages }) => perMinute(messages) }],
    },
    {
      ...{ id: 'calls', title: 'Calls by tool', unit: 'a minute', counts: true },
      lines: toolLines(series, perMinute),
    },
    {
      ...{ id: 'answers', title: 'Time to answer', unit: 'ms', counts: false },
      lines: [
        { name: 'p50', value: (point) => point.p50_ms },
        { name: 'p95', value: (point) => point.p95_ms },
      ],
    },
    {
      ...{ id: 'errors', title: 'Errors', unit: 'a minute', counts: true },
      lines: [{ name: 'Errors', value: ({ errors }) => perMinute(errors) }],
    },
    {
      ...{ id: 'searches', title: 'Time to search', unit: 'ms', counts: false },
      lines: [
        { name: 'p50', value: (point) => point.search_p50_ms },
        { name: 'p95', value: (point) => point.search_p95_ms },
      ],
    },
    {
      ...{ id: 'commits', title: 'Time to commit', unit: 'ms', counts: false },
      lines: [{ name: 'p95', value: (point) => point.commit_p95_ms }],
    },
  ];
}

/** Those that were called most, and the others together. */
function toolLines({ points }: Series, perMinute: (count: number) => number): readonly Line[] {
  const totals = new Map<string, number>();
  for (const { tools } of points)
    for (const [tool, calls] of Object.entries(tools)) totals.set(tool, (totals.get(tool) ?? 0) + calls);
  const tools = [...totals].sort(([, a], [, b]) => b - a).map(([tool]) => tool);
  const shown = tools.slice(0, MAX_TOOLS);
  const rest = tools.slice(MAX_TOOLS);
  const calls = (point: Point, names: readonly string[]): number =>
    perMinute(names.reduce((sum, name) => sum + (point.tools[name] ?? 0), 0));
  return [
    ...shown.map((name) => ({ name, value: (point: Point) => calls(point, [name]) })),
    ...(rest.length === 0 ? [] : [{ name: 'others', value: (point: Point) => calls(point, rest) }]),
  ];
}

export function chart(
  { id, title, unit, counts, lines }: Chart,
  { points, from, to, step_seconds: step }: Series,
): Html {
  return html`<figure
    class="chart"
    id="${id}"
    data-from="${from}"
    data-to="${to}"
    data-step="${step}"
    ${counts ? html`data-counts` : none}
  >
    <figcaption>
      <h2>${title} <span class="faint">${unit}</span></h2>
      <ul class="legend">
        ${lines.map(
          ({ name }, i) =>
            html`<li>
              <i class="swatch line-${i}" aria-hidden="true"></i>${name} <b data-line="${i}"></b>
            </li>`,
        )}
      </ul>
    </figcaption>
    <div class="plot" aria-hidden="true" data-kept></div>
    ${lines.length === 0 || points.length === 0 ? html`<p class="faint">Nothing happened in this time.</p>` : none}
    <details>
      <summary>As a table<span class="hidden">: ${title}</span></summary>
      <div class="scroll" tabindex="0" role="region" aria-label="${title} as a table">
        <table class="points">
          <thead>
            <tr>
              <th scope="col">Time (UTC)</th>
              ${lines.map(({ name }) => html`<th scope="col">${name}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${points.map(
              (point) =>
                html`<tr data-at="${Date.parse(point.at) / 1000}">
                  <th scope="row">${point.at.slice(11, 19)}</th>
                  ${lines.map(({ value }) => html`<td>${shown(value(point))}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  </figure>`;
}

function shown(value: number | null): string {
  return value === null ? '' : String(Math.round(value * 100) / 100);
}
