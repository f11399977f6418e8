/** The dashboard in Chromium, the system's own, as an operator has it: how soon it is there, how it keeps up, how it finds. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser } from '../tests/browser/_util/browser.ts';
import { BENCH_KEY, connectAgents, startHubProcess, type BenchAgent, type HubProcess } from './load.ts';
import { random } from './random.ts';
import { median, quantile, type Report } from './report.ts';
import type { Corpus } from './search-corpus.ts';
import { knownItems, type Messages } from './search-relevance.ts';
import { steadily } from './steadily.ts';

const OPENED = 15;
const SAID_BEFORE = 200;
const POSTERS = 20;
const PER_SECOND = 200;
const LIVE_MESSAGES = 20_000;
const ROUNDS = 10;
const SEARCHES = 60;
const MIB = 1024 ** 2;

const PAINT_AT_MOST_MS = 500;
const TASK_AT_MOST_MS = 200;
const HEAP_AT_MOST_MIB = 40;
const ROWS_AT_MOST = 500;
const FOUND_AT_MOST_MS = 150;

interface Operator {
  readonly url: string;
  /** A page in a browser that has loaded nothing yet. */
  open(path: string): Promise<Page>;
}

export async function benchBrowser(report: Report, corpus: Corpus): Promise<void> {
  await using hub = await startHubProcess({ folder: corpus.folder });
  await using browser = await launchBrowser();
  const operator = await logIn(browser, hub);
  const messages = contentsOf(corpus);
  await benchSearching(report, corpus, operator, messages);
  const rng = random(19);
  const say = (agent: BenchAgent, session: string) =>
    agent.call('add_message', { session_id: session, content: messages.content(rng.pick(messages.ids)) });
  const session = await startSession(hub, say);
  const timeline = `/ui/sessions/${session}`;
  await benchOpening(report, operator, timeline);
  await using posters = await connectAgents(hub.url, '2025', POSTERS, 'poster');
  await benchTail(report, await operator.open(timeline), (work) =>
    steadily(posters.list, PER_SECOND, (agent) => say(agent, session), work),
  );
}

/** One in which something has been said. */
async function startSession(
  hub: HubProcess,
  say: (agent: BenchAgent, session: string) => Promise<unknown>,
): Promise<string> {
  await using agents = await connectAgents(hub.url, '2025', 1, 'first');
  const [agent] = agents.list;
  const { session_id: session } = await agent.call('create_session', { purpose: 'A timeline' });
  for (let i = 0; i < SAID_BEFORE; i++) await say(agent, String(session));
  return String(session);
}

async function logIn(browser: Browser, hub: HubProcess): Promise<Operator> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${hub.url}/ui/login`);
  await page.locator('#key').fill(`${BENCH_KEY}-admin`);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL(`${hub.url}/ui/sessions`);
  const options: BrowserContextOptions = { storageState: await context.storageState() };
  await context.close();
  return {
    url: hub.url,
    async open(path) {
      const opened = await (await browser.newContext(options)).newPage();
      await opened.goto(hub.url + path);
      return opened;
    },
  };
}

function contentsOf({ sqlite }: Corpus): Messages {
  const content = sqlite.prepare<[number], string>('SELECT content FROM hub.messages WHERE id = ?').pluck();
  const df = sqlite
    .prepare<[], [string, number]>(
      'SELECT word, sum(df) FROM words JOIN word_counts ON word_id = id GROUP BY id',
    )
    .raw();
  return {
    ids: sqlite.prepare<[], number>('SELECT id FROM hub.messages ORDER BY id').pluck().all(),
    content: (id) => content.get(id) ?? '',
    df: new Map(df.all()),
  };
}

/** From the click to pixels, and to scripts that have run; each time in a browser with empty caches. */
async function benchOpening(report: Report, operator: Operator, timeline: string): Promise<void> {
  const bench = 'Dashboard in Chromium, opening';
  const pages = [
    ['the login page', '/ui/login'],
    [`a timeline of ${SAID_BEFORE} messages`, timeline],
    ['metrics', '/ui/metrics'],
  ] as const;
  const times = pages.map(() => ({ painted: [] as number[], ready: [] as number[] }));
  for (let round = -1; round < OPENED; round++) {
    for (const [p, [, path]] of pages.entries()) {
      const page = await operator.open(path);
      const { painted, ready } = await page.evaluate<{ painted: number; ready: number }>(OPENING);
      await page.context().close();
      if (round < 0) continue;
      times[p]?.painted.push(painted);
      times[p]?.ready.push(ready);
    }
  }
  const add = (figure: string, value: number, atMost?: number): void =>
    report.add({ bench, figure, value, unit: 'ms', ...(atMost === undefined ? {} : { atMost }) });
  for (const [p, [name, path]] of pages.entries()) {
    const { painted = [], ready = [] } = times[p] ?? {};
    add(`${name}, first paint, p50`, median(painted), path === timeline ? PAINT_AT_MOST_MS : undefined);
    add(`${name}, first paint, p95`, quantile(painted, 0.95));
    add(`${name}, scripts have run, p50`, median(ready));
    add(`${name}, scripts have run, p95`, quantile(ready, 0.95));
  }
}

const OPENING = `new Promise((resolve) => {
  new PerformanceObserver((list) => {
    const [painted] = list.getEntriesByName('first-contentful-paint');
    const [{ domContentLoadedEventEnd }] = performance.getEntriesByType('navigation');
    if (painted !== undefined) resolve({ painted: painted.startTime, ready: domContentLoadedEventEnd });
  }).observe({ type: 'paint', buffered: true });
})`;

type Load = (work: () => Promise<void>) => Promise<{ readonly perSecond: number }>;

/** What a page is doing while messages come, beside what the same page does while none come. */
async function benchTail(report: Report, page: Page, posting: Load): Promise<void> {
  const bench = `Dashboard in Chromium, ${PER_SECOND} messages a second`;
  const add = (figure: string, value: number, unit: string, atMost?: number): void =>
    report.add({ bench, figure, value, unit, ...(atMost === undefined ? {} : { atMost }) });
  await page.getByText('Live', { exact: true }).waitFor();
  const roundMs = (LIVE_MESSAGES / PER_SECOND / ROUNDS) * 1000;
  const idle = await watch(page, () => delay(roundMs));
  const rates: number[] = [];
  const busy: Watched[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const watched = await watch(page, async () => {
      const { perSecond } = await posting(() => delay(roundMs));
      rates.push(perSecond);
      await page.locator('#jump').waitFor({ state: 'hidden' });
    });
    busy.push(watched);
  }
  const worked = await tasksDuring(page, async () => {
    await posting(() => delay(roundMs));
  });
  const inspector = await page.context().newCDPSession(page);
  await inspector.send('HeapProfiler.collectGarbage');
  const { usedSize } = await inspector.send('Runtime.getHeapUsage');
  const longest = busy.map((one) => one.longest);
  const frames = busy.map((one) => quantile(one.frames, 0.99));
  add('posted', median(rates), '1/s');
  add(
    'drawn',
    busy.reduce((sum, { drawn }) => sum + drawn, 0),
    'rows',
  );
  add('rows in the page, most', Math.max(...busy.map(({ rows }) => rows)), '', ROWS_AT_MOST);
  add('longest task, nothing comes', idle.longest, 'ms');
  add(`longest task, median of ${ROUNDS} rounds`, median(longest), 'ms');
  add('longest task of all', Math.max(...longest), 'ms', TASK_AT_MOST_MS);
  add('longest task, of the processor', Math.max(...worked), 'ms');
  add('frames, p99, nothing comes', quantile(idle.frames, 0.99), 'ms');
  add(`frames, p99, median of ${ROUNDS} rounds`, median(frames), 'ms');
  add('of the processor for the page', median(busy.map((one) => one.processor)) * 100, '%');
  add('JavaScript heap after them', usedSize / MIB, 'MiB', HEAP_AT_MOST_MIB);
  await page.context().close();
}

interface Watched {
  /** Of tasks above 50 ms, which are all that browsers tell of; else 0. Milliseconds. */
  readonly longest: number;
  /** Between frames, in milliseconds. */
  readonly frames: readonly number[];
  readonly rows: number;
  readonly drawn: number;
  /** The part of the time in which the page had the processor. */
  readonly processor: number;
}

async function watch(page: Page, work: () => Promise<void>): Promise<Watched> {
  const inspector = await page.context().newCDPSession(page);
  await inspector.send('Performance.enable', { timeDomain: 'threadTicks' });
  const worked = async (): Promise<number> => {
    const { metrics } = await inspector.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN;
  };
  const [before, started] = [await worked(), performance.now()];
  await page.evaluate(WATCH);
  await work();
  const seen = await page.evaluate<Omit<Watched, 'processor'>>('endWatch()');
  const processor = ((await worked()) - before) * 1000;
  await inspector.detach();
  return { ...seen, processor: processor / (performance.now() - started) };
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Of the thread's own time, in microseconds. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** What each task of the page took of the processor, in milliseconds: the clock tells what others took, too. */
async function tasksDuring(page: Page, work: () => Promise<void>): Promise<readonly number[]> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('a page without a browser');
  await browser.startTracing(page, { categories: ['toplevel'] });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: readonly TraceEvent[];
  };
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const mains = traceEvents.filter(
    ({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain',
  );
  const tasks = mains.map((main) =>
    traceEvents.flatMap((event) => (threadOf(event) === threadOf(main) ? (event.tdur ?? 0) / 1000 : [])),
  );
  // Pages that are closed have left their processes behind.
  const total = (all: readonly number[]): number => all.reduce((sum, one) => sum + one, 0);
  return tasks.toSorted((a, b) => total(b) - total(a))[0] ?? [];
}

const WATCH = `(() => {
  const seen = { longest: 0, frames: [], rows: 0, drawn: 0 };
  const tasks = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.longest = Math.max(seen.longest, duration);
  });
  tasks.observe({ type: 'longtask' });
  const list = document.getElementById('rows');
  const rows = new MutationObserver((records) => {
    for (const { addedNodes } of records) seen.drawn += addedNodes.length;
    seen.rows = Math.max(seen.rows, list.childElementCount);
  });
  rows.observe(list, { childList: true });
  let last, ended = false;
  requestAnimationFrame(function frame(now) {
    if (last !== undefined) seen.frames.push(now - last);
    last = now;
    if (!ended) requestAnimationFrame(frame);
  });
  window.endWatch = () => {
    ended = true;
    tasks.disconnect();
    rows.disconnect();
    return seen;
  };
})()`;

/** Searches as they are typed: from the request to results that are painted. */
async function benchSearching(
  report: Report,
  corpus: Corpus,
  operator: Operator,
  messages: Messages,
): Promise<void> {
  const bench = `Dashboard in Chromium, search among ${corpus.messages.toLocaleString('en-US')} messages`;
  const queries = knownItems(messages, random(23))
    .slice(0, SEARCHES)
    .map(({ query }) => query);
  const page = await operator.open('/ui/search');
  await page.evaluate(SEARCH);
  const nothing: number[] = [];
  const found: number[] = [];
  const ask = (script: string, text = ''): Promise<number> =>
    page.evaluate<number>(`${script}(${JSON.stringify(text)})`);
  // The first ones wait until the words of the index are read.
  for (const query of queries.slice(0, 5)) await ask('timeOfSearch', `${query} `);
  for (const query of queries) {
    nothing.push(await ask('timeOfNothing'));
    found.push(await ask('timeOfSearch', query));
  }
  await page.context().close();
  const add = (figure: string, value: number, atMost?: number): void =>
    report.add({ bench, figure, value, unit: 'ms', ...(atMost === undefined ? {} : { atMost }) });
  add('nothing (/health), p50', median(nothing));
  add('nothing (/health), p95', quantile(nothing, 0.95));
  add('results painted after the request, p50', median(found), FOUND_AT_MOST_MS);
  add('results painted after the request, p95', quantile(found, 0.95));
}

const SEARCH = `
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  window.timeOfNothing = async () => {
    const started = performance.now();
    await (await fetch('/health')).text();
    await painted();
    return performance.now() - started;
  };
  window.timeOfSearch = (query) => new Promise((resolve) => {
    performance.clearResourceTimings();
    const results = document.getElementById('results');
    const shown = new MutationObserver(async () => {
      shown.disconnect();
      await painted();
      const now = performance.now();
      const asked = performance.getEntriesByType('resource').find(({ name }) => name.includes('/ui/search/results'));
      resolve(now - asked.startTime);
    });
    shown.observe(results, { childList: true });
    const input = document.querySelector('#search [data-search]');
    input.value = query;
    input.dispatchEvent(new InputEvent('input', { bubbles: true }));
  });`;
