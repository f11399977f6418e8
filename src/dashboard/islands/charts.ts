/** Draws the tables of the page as charts; drawing over one leads to the page of that time. */
import uPlot from 'uplot';

const HEIGHT = 180;
/** Shorter strokes are clicks. */
const SHORTEST_PX = 5;

type Column = (number | null)[];

interface Points {
  readonly step: number;
  readonly times: number[];
  readonly lines: readonly Column[];
}

/** In seconds. */
function rangeOf({ dataset }: HTMLElement): [from: number, to: number] {
  return [Date.parse(dataset['from'] ?? '') / 1000, Date.parse(dataset['to'] ?? '') / 1000];
}

/** What the table says, with the steps in which nothing happened. Times in seconds. */
function pointsOf(figure: HTMLElement, lines: number): Points {
  const counts = figure.dataset['counts'] !== undefined;
  const step = Number(figure.dataset['step']);
  const [from, to] = rangeOf(figure);
  const rows = new Map<number, Column>();
  for (const row of figure.querySelectorAll<HTMLElement>('[data-at]')) {
    const cells = [...row.querySelectorAll('td')].map(({ textContent: text }) =>
      text === '' ? null : Number(text),
    );
    rows.set(Number(row.dataset['at']), cells);
  }
  const first = rows.keys().next().value ?? from;
  const times = [...rows.keys()];
  for (let at = first - Math.floor((first - from) / step) * step; at <= to; at += step)
    if (!rows.has(at)) times.push(at);
  times.sort((a, b) => a - b);
  const absent = counts ? 0 : null;
  return {
    ...{ step, times },
    lines: Array.from({ length: lines }, (_, i) => times.map((at) => rows.get(at)?.[i] ?? absent)),
  };
}

const colour = (element: Element, property: 'color' | 'backgroundColor' | 'borderTopColor'): string =>
  getComputedStyle(element)[property];

function draw(figure: HTMLElement): uPlot | undefined {
  const plot = figure.querySelector<HTMLElement>('.plot');
  const swatches = [...figure.querySelectorAll('.swatch')];
  const values = [...figure.querySelectorAll('[data-line]')];
  if (plot === null || swatches.length === 0 || figure.querySelector('[data-at]') === null) return undefined;
  const { step, times, lines } = pointsOf(figure, swatches.length);
  const axis = {
    stroke: () => colour(plot, 'color'),
    grid: { stroke: () => colour(plot, 'borderTopColor'), width: 1 },
    ticks: { show: false },
    font: `12px ${getComputedStyle(plot).fontFamily}`,
  };
  return new uPlot(
    {
      width: plot.clientWidth,
      height: HEIGHT,
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), 'UTC'),
      legend: { show: false },
      cursor: { y: false, sync: { key: 'time' }, drag: { x: true, y: false, setScale: false } },
      scales: {
        x: { range: () => rangeOf(figure) },
        y: { range: (_chart, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
      },
      axes: [
        { ...axis, size: 30, space: 70, values: (_chart, times) => times.map(clock) },
        { ...axis, size: 52 },
      ],
      series: [
        {},
        ...swatches.map((swatch) => ({
          stroke: () => colour(swatch, 'backgroundColor'),
          width: 1.5,
          // What stands alone would else not be seen.
          points: { show: figure.dataset['counts'] === undefined, size: 3 },
        })),
      ],
      hooks: {
        setCursor: [
          ({ cursor: { idx }, data }) => {
            for (const [i, value] of values.entries()) value.textContent = text(data[i + 1]?.[idx ?? -1]);
          },
        ],
        setSelect: [
          (self) => {
            const { left, width } = self.select;
            if (width >= SHORTEST_PX)
              choose(self.posToVal(left, 'x'), self.posToVal(left + width, 'x'), step);
          },
        ],
      },
    },
    [times, ...lines],
    plot,
  );
}

/** In UTC, as the tables; `at` in seconds. */
function clock(at: number): string {
  const time = new Date(at * 1000).toISOString();
  return time.slice(11, at % 60 === 0 ? 16 : 19);
}

function text(value: number | null | undefined): string {
  return value === null || value === undefined ? '' : String(Math.round(value * 10) / 10);
}

/** To the page of that time, in whole steps. All in seconds. */
function choose(from: number, to: number, step: number): void {
  const iso = (at: number): string => new Date(at * 1000).toISOString();
  const range = new URLSearchParams({
    from: iso(Math.floor(from / step) * step),
    to: iso(Math.ceil(to / step) * step),
  });
  location.assign(`?${range.toString()}`);
}

const charts = new Map<HTMLElement, uPlot>();

/** All that are on the page now. One goes on as it is, unless it has other lines now. */
function drawAll(): void {
  const figures = [...document.querySelectorAll<HTMLElement>('.chart')];
  for (const [figure, chart] of charts) {
    const isSame = linesOf(figure) === chart.series.length - 1;
    if (figures.includes(figure) && isSame) {
      const { times, lines } = pointsOf(figure, linesOf(figure));
      chart.setData([times, ...lines]);
      continue;
    }
    chart.destroy();
    charts.delete(figure);
  }
  for (const figure of figures) {
    const chart = charts.has(figure) ? undefined : draw(figure);
    if (chart !== undefined) charts.set(figure, chart);
  }
}

const linesOf = (figure: HTMLElement): number => figure.querySelectorAll('.swatch').length;

drawAll();
document.addEventListener('refreshed', drawAll);

addEventListener('resize', () => {
  for (const chart of charts.values()) {
    const width = chart.root.parentElement?.clientWidth ?? 0;
    if (width > 0) chart.setSize({ width, height: HEIGHT });
  }
});

/** Their colours are the page's. */
const recolour = (): void => {
  for (const chart of charts.values()) chart.redraw(false);
};
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolour);
new MutationObserver(recolour).observe(document.documentElement, { attributeFilter: ['data-theme'] });
