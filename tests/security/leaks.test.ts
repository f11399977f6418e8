/**
 * The leak matrix: every kind of message, memory and name × every role × every door, in both protocol eras. A check is one
 * answer searched for one word that is hidden from who asked, or one question about something hidden that must be answered
 * like one about nothing. What may be seen must be seen somewhere, or the matrix would prove nothing.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, AGENT_KEY } from '../_util/test-hub.ts';
import { ERAS } from '../_util/scenario-doors.ts';
import { READERS, ROLES, workspaceOf, type Answer, type Ask, type Caller } from './_util/leak-cast.ts';
import { controlOf, DOORS, hiddenThings } from './_util/leak-doors.ts';
import type { DoorRow, Probe } from './_util/leak-rows.ts';
import { expectedDoors } from './_util/leak-registry.ts';
import { hiddenFrom, startLeakWorld, type LeakWorld } from './_util/leak-world.ts';
import type { ClientEra } from '../_util/connect-client.ts';

/** As many leaks of a door as a failure shows. */
const FIRST = 5;
const CHECKS_AT_LEAST = 20_000;

let world: LeakWorld;
let checks = 0;
/** Words that each role has met in each era. */
const met = new Map<string, Set<string>>();

beforeAll(async () => {
  world = await startLeakWorld();
});
afterAll(async () => {
  process.stdout.write(`leak matrix: ${checks} checks\n`);
  await world[Symbol.asyncDispose]();
});

const told = (era: ClientEra, by: Caller, ask: Ask): string => `${by.name} in ${era}: ${JSON.stringify(ask)}`;
const NAMES = ['agent', 'type', 'key name', 'key id', 'workspace'];

/** Asks, and answers which hidden words came back. */
async function leaksOf(era: ClientEra, caller: Caller, row: DoorRow, ask: Ask): Promise<string[]> {
  const { text } = await caller.ask(era, ask);
  const words = met.get(`${era} ${caller.name}`) ?? new Set<string>();
  met.set(`${era} ${caller.name}`, words);
  for (const { word } of world.secrets) if (text.includes(word)) words.add(word);
  const setsUp = row.setsUp === true && caller.role === 'admin';
  const known = row.introduces === true ? workspaceOf(caller.role) : [];
  const hidden = hiddenFrom(world, caller.role).filter(
    ({ what, word }) => !(setsUp && NAMES.includes(what)) && !known.includes(word),
  );
  checks += hidden.length;
  const sent = JSON.stringify(ask);
  return hidden
    .filter(({ word }) => text.includes(word) && !sent.includes(word))
    .map(({ word }) => `${told(era, caller, ask)} shows ${word}`);
}

const VARIES = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=search_time_ms\\*":)[\d.]+/g;

/** What an answer says, without the thing that was asked about and what differs from request to request. */
function saysOf({ status, text }: Answer, value: string): string {
  const body = text.slice(text.indexOf('\n{') + 1).replace(/^(content-length|mcp-session-id): .*$/gm, '');
  // As a word of its own, and not as a part of a time.
  const said = new RegExp(`(?<![\\w.-]|\\d:)${value}(?![\\w-])`, 'g');
  return `${status} ${body.replaceAll(said, '§').replaceAll(VARIES, '§')}`;
}

async function differences(era: ClientEra, caller: Caller, probe: Probe): Promise<string[]> {
  const control = controlOf(probe);
  const nothing = saysOf(await caller.ask(era, probe.ask(control, world)), control);
  const found: string[] = [];
  for (const thing of hiddenThings(world, caller.role, probe.about)) {
    const ask = probe.ask(thing, world);
    const says = saysOf(await caller.ask(era, ask), thing);
    checks += 1;
    if (says !== nothing) found.push(`${told(era, caller, ask)} is answered ${says}, not ${nothing}`);
  }
  return found;
}

async function leaksOfRow(era: ClientEra, row: DoorRow): Promise<string[]> {
  const found: string[] = [];
  for (const caller of [...ROLES.map((role) => world.callers[role]), ...world.ways]) {
    for (const ask of row.asks(world, caller.role).filter(caller.can))
      found.push(...(await leaksOf(era, caller, row, ask)));
    for (const probe of row.probes ?? []) {
      if (caller.can(probe.ask(controlOf(probe), world)))
        found.push(...(await differences(era, caller, probe)));
    }
  }
  return found;
}

it('knocks at every door that the hub has', async () => {
  const covered = new Set(DOORS.map(({ covers }) => covers));
  expect((await expectedDoors(world)).filter((name) => !covered.has(name))).toEqual([]);
});

describe.each(ERAS)('in era %s', (era) => {
  it.each(DOORS)('$covers tells nobody what is hidden from it', async (row) => {
    const found = await leaksOfRow(era, row);
    expect(found.slice(0, FIRST), `${found.length} leaks`).toEqual([]);
  });

  it.each(DOORS.filter(({ shows }) => shows))('$covers does show something', async ({ asks }) => {
    const sights = new Set<string>();
    for (const role of ['sender', 'admin', 'strangeAdmin'] as const) {
      for (const ask of asks(world, role)) {
        const { text } = await world.callers[role].ask(era, ask);
        for (const { word, may } of world.secrets)
          if (!may.has('nobody') && text.includes(word)) sights.add(word);
      }
    }
    expect(sights.size).toBeGreaterThan(0);
  });

  it.each(ROLES)('%s sees all that it may see', (role) => {
    const seen = met.get(`${era} ${role}`) ?? new Set<string>();
    const wanted = world.secrets.filter(({ must }) => must.includes(role)).map(({ word }) => word);
    expect(wanted.filter((word) => !seen.has(word))).toEqual([]);
  });

  // Whatever others did to their handles and tokens; tools show no names but those of senders.
  it.each([0, 1, 2])('way %i of coming shows what its role sees', (way) => {
    const { name, role } = world.ways[way]!;
    const seen = met.get(`${era} ${name}`) ?? new Set<string>();
    const words = world.secrets.filter(({ what, must }) => what === 'content' && must.includes(role));
    expect(words.length).toBeGreaterThan(0);
    expect(words.filter(({ word }) => !seen.has(word)).map(({ word }) => word)).toEqual([]);
  });
});

const COUNT = /"(?:message_count|total_count)\\*":(\d+)/g;

it('counts for each role only what it sees', async () => {
  const session_id = world.sessions.quiet;
  const asks: readonly Ask[] = [
    { tool: 'get_session', args: { session_id } },
    { tool: 'get_messages', args: { session_id } },
    { method: 'resources/read', params: { uri: `session://${session_id}` } },
    { method: 'prompts/get', params: { name: 'debug-session', arguments: { session_id } } },
    { http: `GET /api/v1/sessions/${session_id}` },
    { http: `GET /api/v1/sessions/${session_id}/messages` },
  ];
  for (const role of READERS) {
    const seen = world.lines.filter(({ place, known }) => place === 'quiet' && known.has(role)).length;
    for (const era of ERAS) {
      for (const ask of asks) {
        const { text } = await world.callers[role].ask(era, ask);
        const counts = [...text.replaceAll('\\', '').matchAll(COUNT)].map(([, count]) => Number(count));
        checks += 1;
        expect(new Set(counts), told(era, world.callers[role], ask)).toEqual(new Set([seen]));
      }
    }
  }
});

it('leaves no secret in the log', () => {
  const log = world.log();
  expect(log).toContain('"msg":"request"');
  const contents = ['content', 'metadata', 'memory', 'value', 'session', 'credential'];
  const words = world.secrets.filter(({ what }) => contents.includes(what)).map(({ word }) => word);
  checks += words.length;
  expect(words.filter((word) => log.includes(word))).toEqual([]);
  for (const key of [ADMIN_KEY, AGENT_KEY, 'schk_']) expect(log).not.toContain(key);
});

it(`has made at least ${CHECKS_AT_LEAST} checks`, () => {
  expect(checks).toBeGreaterThanOrEqual(CHECKS_AT_LEAST);
});
