/** What the hub takes for a page among a million messages, each shown for the first time. */
import { Agent, get } from 'node:http';
import { BENCH_KEY, startHubProcess, type HubProcess } from './load.ts';
import { ask } from './loop-delay.ts';
import { random } from './random.ts';
import { median, quantile, type Report } from './report.ts';
import type { Corpus } from './search-corpus.ts';

const ROUNDS = 100;
/** Before it is measured: code is coloured by grammars that are read when a language comes up. */
const WARMING = 50;
const MS_AT_MOST = 50;
const OPERATOR = {
  authorization: `Bearer ${BENCH_KEY}-admin`,
  accept: 'text/html',
  'accept-encoding': 'gzip',
};

interface Place {
  readonly id: number;
  readonly session: string;
}

export async function benchPages(report: Report, corpus: Corpus): Promise<void> {
  const bench = `Dashboard and API, ${corpus.messages.toLocaleString('en-US')} messages`;
  await using hub = await startHubProcess({ folder: corpus.folder });
  const anywhere = placesIn(corpus);
  const long = placesIn(corpus, longestIn(corpus));
  const pageOf = ({ session }: Place): string => `/ui/sessions/${session}`;
  const messagesOf = ({ session }: Place): string => `/api/v1/sessions/${session}/messages`;
  const permalink = (place: Place): string => `${pageOf(place)}?at=${place.id}`;
  const questions: Readonly<Record<string, () => string>> = {
    'sessions, page': () => '/ui/sessions',
    'sessions, API': () => '/api/v1/sessions?limit=50',
    'newest of any session, page': () => pageOf(anywhere()),
    'newest of any session, API': () => messagesOf(anywhere()),
    'newest of the longest session, page': () => pageOf(long()),
    'newest of the longest session, API': () => messagesOf(long()),
    'permalink into the middle, page': () => permalink(anywhere()),
    'permalink into the middle, API': () => `/api/v1/messages/${anywhere().id}`,
    'permalink into the longest session, page': () => permalink(long()),
    'permalink into the longest session, API': () => `/api/v1/messages/${long().id}`,
  };
  // What the machine makes of a route that does nothing.
  const asked = Object.entries({ 'nothing (/health)': () => '/health', ...questions });
  const times = new Map(asked.map(([figure]) => [figure, { wall: [] as number[], cpu: [] as number[] }]));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let round = -WARMING; round < ROUNDS; round++) {
    for (const [figure, path] of asked) {
      const url = hub.url + path();
      const before = await cpuOf(hub);
      const ms = await timeOf(url, agent);
      const cpu = (await cpuOf(hub)) - before;
      if (round < 0) continue;
      times.get(figure)?.wall.push(ms);
      times.get(figure)?.cpu.push(cpu);
    }
  }
  agent.destroy();
  for (const [figure, { wall, cpu }] of times) {
    const promised = figure in questions ? { atMost: MS_AT_MOST } : {};
    const add = (what: string, value: number, promise = {}): void =>
      report.add({ bench, figure: `${figure}, ${what}`, value, unit: 'ms', ...promise });
    add('p50', median(wall), promised);
    add('p95', quantile(wall, 0.95));
    add("of the hub's processor, p95", quantile(cpu, 0.95), promised);
  }
}

/** What the hub's process has taken of the processor, in milliseconds: on a busy machine it says more than the clock. */
async function cpuOf({ child }: HubProcess): Promise<number> {
  return (await ask(child, 'cpu')).cpuMs ?? NaN;
}

/** Until the last byte, in milliseconds. */
function timeOf(url: string, agent: Agent): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: OPERATOR }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${url} answers ${answer.statusCode}`));
      answer.resume();
      answer.on('end', () => resolve(performance.now() - started));
    }).on('error', reject);
  });
}

/** Messages between the first and the last quarter: of the whole hub, or of one session. */
function placesIn({ sqlite }: Corpus, session?: number): () => Place {
  const rng = random(17);
  const [first, last] = [0.25, 0.75].map((part) =>
    sqlite
      .prepare<[number], number>('SELECT CAST(max(id) * ? AS INTEGER) FROM hub.messages')
      .pluck()
      .get(part),
  );
  const at = sqlite.prepare<[number, number | null], Place>(
    `SELECT m.id, s.session_id AS session FROM hub.messages m CROSS JOIN hub.sessions s ON s.id = m.session_id
     WHERE m.id >= ? AND s.id = coalesce(?, s.id) ORDER BY m.id LIMIT 1`,
  );
  return () => {
    const place = at.get((first ?? 0) + rng.below((last ?? 0) - (first ?? 0)), session ?? null);
    if (place === undefined) throw new Error('no message there');
    return place;
  };
}

function longestIn({ sqlite }: Corpus): number {
  const longest = sqlite
    .prepare<[], number>(
      'SELECT session_id FROM hub.session_audiences GROUP BY 1 ORDER BY sum(message_count) DESC LIMIT 1',
    )
    .pluck()
    .get();
  if (longest === undefined) throw new Error('no sessions');
  return longest;
}
