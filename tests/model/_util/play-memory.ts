/** Carries out steps with memory, and compares each answer with the model. */
import { expect } from 'vitest';
import { CAST, type Fields } from './actors.ts';
import type { ModelEntry, Place } from './memory-model.ts';
import { inSight } from './messages-model.ts';
import { pick } from './play-messages.ts';
import type { Stage } from './stage.ts';
import type { StepOf } from './steps.ts';

function shapeOf(stage: Stage, entry: ModelEntry): Fields {
  return {
    ...{ key: entry.key, scope: entry.scope, session_id: entry.session?.id ?? null, version: entry.version },
    ...{
      updated_by: CAST[entry.updatedBy].agent,
      value_size: Buffer.byteLength(JSON.stringify(entry.value)),
    },
    ...{ created_at: stage.iso(entry.createdAt), updated_at: stage.iso(entry.updatedAt) },
    expires_at: entry.expiresAt === null ? null : stage.iso(entry.expiresAt),
  };
}

type AnyPlace = Pick<StepOf<'recall'>, 'by' | 'scope' | 'session' | 'name'>;

function placeOf({ messages }: Stage, { by, scope, session, name }: AnyPlace) {
  const place: Place = {
    by,
    scope,
    session: pick(messages.sessions, session) ?? null,
  };
  const args = { key: name, scope, ...(place.session === null ? {} : { session_id: place.session.id }) };
  return { place, args };
}

const versioned = (ifVersion: number | undefined) =>
  ifVersion === undefined ? {} : { if_version: ifVersion };

export async function remember(stage: Stage, step: StepOf<'remember'>): Promise<void> {
  const { by, name, overwrite, ifVersion, expiresIn, key } = step;
  const { place, args: at } = placeOf(stage, step);
  const value: unknown = JSON.parse(JSON.stringify(step.value));
  const expiry = expiresIn === undefined ? {} : { expires_in: expiresIn };
  const args = { ...at, value, overwrite, ...versioned(ifVersion), ...expiry };
  const given = { overwrite, ifVersion, removing: false };
  const refusal = stage.memory.refusalOf(place, name, stage.now(), given);
  const stored = await stage.askOnce(by, key, 'set_memory', args, refusal);
  if (stored === undefined) return;
  const entry = stage.memory.set(place, name, value, stage.now(), expiresIn);
  expect(stored).toMatchObject(shapeOf(stage, entry));
}

export async function recall(stage: Stage, step: StepOf<'recall'>): Promise<void> {
  const { place, args } = placeOf(stage, step);
  const isThere = place.session === null || inSight(step.by, place.session);
  const entry = isThere ? stage.memory.get(place, step.name, stage.now()) : undefined;
  const refusal = isThere ? (entry === undefined ? 'MEMORY_NOT_FOUND' : undefined) : 'SESSION_NOT_FOUND';
  const found = await stage.ask(step.by, 'get_memory', args, refusal);
  if (found === undefined || entry === undefined) return;
  expect(found).toMatchObject(shapeOf(stage, entry));
  expect(found['value']).toEqual(entry.value);
}

export async function forget(stage: Stage, step: StepOf<'forget'>): Promise<void> {
  const { by, name, ifVersion, key } = step;
  const { place, args } = placeOf(stage, step);
  const given = { overwrite: true, ifVersion, removing: true };
  const refusal = stage.memory.refusalOf(place, name, stage.now(), given);
  const done = await stage.askOnce(by, key, 'delete_memory', { ...args, ...versioned(ifVersion) }, refusal);
  if (done !== undefined) stage.memory.delete(place, name);
}

export async function entries(stage: Stage, step: StepOf<'entries'>): Promise<void> {
  const { by, prefix } = step;
  const scope = step.scope;
  const all = step.session === 'all';
  const session = all
    ? 'all'
    : (pick(stage.messages.sessions, step.session === null ? undefined : Number(step.session)) ?? null);
  const label = session === 'all' ? session : session?.id;
  const refusal =
    session === null || session === 'all' || inSight(by, session) ? undefined : 'SESSION_NOT_FOUND';
  const expected = stage.memory.list(by, { session, scope, prefix }, stage.now());
  const found: Fields[] = [];
  for (let cursor: string | undefined, more = true; more;) {
    const value = await stage.ask(
      by,
      'list_memory',
      {
        ...{ prefix, limit: 2 },
        ...(scope === undefined ? {} : { scope }),
        ...(label === undefined ? {} : { session_id: label }),
        ...(cursor === undefined ? {} : { cursor }),
      },
      refusal,
    );
    if (value === undefined) return;
    found.push(...(value['entries'] as Fields[]));
    cursor = value['next_cursor'] as string | undefined;
    more = cursor !== undefined;
  }
  const nameOf = (entry: Fields): string =>
    JSON.stringify([entry['key'], entry['scope'], entry['session_id']]);
  const inOrder = (a: Fields, b: Fields): number => (nameOf(a) < nameOf(b) ? -1 : 1);
  expect(found.toSorted(inOrder), JSON.stringify(step)).toMatchObject(
    expected.map((entry) => shapeOf(stage, entry)).toSorted(inOrder),
  );
}
