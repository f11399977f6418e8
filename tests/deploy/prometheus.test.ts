/** The dashboard for Grafana and the alerts for Prometheus, against what a hub with some load really tells. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { ERRORS } from '../../src/errors.ts';
import { TOOLS } from '../../src/mcp/tools/index.ts';
import { parsePrometheus } from '../_util/prometheus.ts';
import { ADMIN_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';
import { parseQuery, type Query } from './queries.ts';

const DEPLOY = path.join(import.meta.dirname, '..', '..', 'deploy');
const read = (...names: string[]): string => readFileSync(path.join(DEPLOY, ...names), 'utf8');

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
interface Asked {
  readonly where: string;
  readonly expr: string;
  /** Texts that name labels in `{{…}}`. */
  readonly texts: readonly string[];
}

const { panels, templating } = JSON.parse(read('grafana', 'shared-context-hub.json')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
};
const rules = (parse(read('prometheus', 'alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const asked: readonly Asked[] = [
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({ where: title, expr, texts: [legendFormat] })),
  ),
  ...rules.map(({ alert, expr, annotations }) => ({ where: alert, expr, texts: Object.values(annotations) })),
];

/** What Prometheus adds by itself. */
const ADDED = ['job', 'instance'];
const VALUES: Readonly<Record<string, readonly string[]>> = {
  code: Object.keys(ERRORS),
  tool: TOOLS.map(({ name }) => name),
  stat: ['p99', 'max'],
};

let hub: TestHub;
let text: string;
/** The labels of each metric, by the names that samples have. */
let told: ReadonlyMap<string, ReadonlySet<string>>;

beforeAll(async () => {
  hub = await startTestHub({ loadEveryMs: 50 });
  const agent = await hub.connect('2026', { agent: 'alice', type: 'coder' });
  const { session_id } = (await agent.callTool('create_session', { purpose: 'measured' })).json;
  await agent.callTool('add_message', { session_id, content: 'one' });
  await agent.callTool('add_message', { session_id, content: 1 });
  await agent.callTool('search_context', { query: 'one' });
  await agent.callTool('search_context', { query: 'one' });
  await agent.close();
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  // What is looked at now and then has been looked at once.
  await vi.waitFor(
    async () => {
      text = await (await hub.request('/metrics', { headers })).text();
      for (const name of ['hub_event_loop_delay_seconds{', 'hub_search_index_lag '])
        expect(text).toContain(name);
    },
    { timeout: 20_000 },
  );
  const samples = [...parsePrometheus(text).values()].flatMap((metric) => metric.samples);
  const labels = new Map<string, Set<string>>([['up', new Set(ADDED)]]);
  for (const sample of samples) {
    const known = labels.get(sample.name) ?? new Set(ADDED);
    for (const label of Object.keys(sample.labels)) known.add(label);
    labels.set(sample.name, known);
  }
  told = labels;
});
afterAll(() => hub[Symbol.asyncDispose]());

function labelsOf({ selectors }: Query): ReadonlySet<string> {
  return new Set(selectors.flatMap(({ metric }) => [...(told.get(metric) ?? [])]));
}

describe.each(asked)('$where: $expr', ({ expr, texts }) => {
  it('asks for what the hub tells, by labels that it has', () => {
    const query = parseQuery(expr);
    expect(query.selectors).not.toEqual([]);
    for (const { metric, matchers } of query.selectors) {
      expect([...told.keys()]).toContain(metric);
      for (const { label, is } of matchers) {
        expect([...(told.get(metric) ?? [])], metric).toContain(label);
        for (const value of is.split('|')) expect(VALUES[label] ?? [value]).toContain(value);
      }
    }
    const known = [...labelsOf(query)];
    const named = texts.flatMap((one) => [...one.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)]);
    for (const label of [...query.grouping, ...named.map(([, name = '']) => name)])
      expect(known).toContain(label);
  });
});

it('asks of one job, which can be chosen', () => {
  expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'job']);
  for (const { expr } of asked)
    for (const { metric, matchers } of parseQuery(expr).selectors)
      expect(matchers, metric).toContainEqual({ label: 'job', is: 'shared-context-hub' });
});

it('shows or watches every metric', () => {
  const families = [...parsePrometheus(text).keys()].filter((name) => !UNWATCHED.includes(name));
  const used = asked.flatMap(({ expr }) => parseQuery(expr).selectors.map(({ metric }) => metric));
  expect(
    families.filter((name) => !used.some((one) => one.replace(ENDS, '') === name.replace(ENDS, ''))),
  ).toEqual([]);
});
const ENDS = /_(bucket|sum|count)$/;
/** Which version runs is said elsewhere; the sizes of caches in bytes only some have. */
const UNWATCHED: readonly string[] = ['hub_info', 'hub_cache_bytes'];

it('says how urgent each alert is, and what to do', () => {
  for (const { alert, labels, annotations } of rules) {
    expect(alert).toMatch(/^Hub[A-Z]\w+$/);
    expect(['page', 'ticket']).toContain(labels['severity']);
    expect(Object.keys(annotations)).toEqual(['summary', 'description']);
  }
});

const promtool = (args: readonly string[], input = '') =>
  spawnSync('promtool', args, { input, encoding: 'utf8', cwd: path.join(DEPLOY, 'prometheus') });
const hasPromtool = promtool(['--version']).status === 0;

describe.skipIf(!hasPromtool)('promtool', () => {
  it('reads what the hub tells', () => {
    const { status, stdout, stderr } = promtool(['check', 'metrics'], text);
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });

  it('reads the files, and sees the alerts fire when they are to', () => {
    const syntax = promtool(['check', 'config', '--syntax-only', 'scrape.yml']);
    expect(syntax.status, syntax.stderr).toBe(0);
    const fired = promtool(['test', 'rules', path.join(import.meta.dirname, 'alerts_test.yml')]);
    expect(fired.status, fired.stdout + fired.stderr).toBe(0);
  });
});
