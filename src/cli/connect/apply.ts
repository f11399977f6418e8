/** Connects one file: what it will hold, what it held, and the record that takes it back. */
import type { Edit, Place } from '../../features/connect/clients.ts';
import { difference } from './diff.ts';
import { bytesFor, sha256, type Snapshot, snapshot, writeWhole } from './files.ts';
import type { Keyring } from './keyring.ts';
import type { KnownKey, Ledger, Recorded } from './ledger.ts';
import { SYNTAXES, takenBack } from '../../features/connect/syntax.ts';
import { UneditableError } from '../../features/connect/uneditable.ts';
import { agentIdThere, type Target, wantedAgentId } from './target.ts';

export interface Planned {
  readonly target: Target;
  readonly found: Snapshot;
  /** What connect has done to this file before. */
  readonly record: Recorded | undefined;
  readonly agentId: string | null;
  /** Undefined: no key is needed, or none is made as nothing will be written. */
  readonly key: KnownKey | undefined;
  readonly edits: readonly Edit[];
  readonly text: string;
  /** Lines lost and got; empty: nothing changes. */
  readonly difference: string;
}

export interface ApplyDeps {
  readonly place: Place;
  readonly ledger: Ledger;
  readonly keyring: Keyring;
}

/** Stands for a key that is not made yet. */
const NO_KEY = 'schk_…';
const OTHERS = 0o077;
const NEW_FILE = 0o644;

/**
 * What connecting a file will change in it. Makes the key and takes the agent id that this needs, unless `dry`.
 * @throws UneditableError if the file is not one that can be changed, CliError if the hub refuses.
 */
export async function plan(deps: ApplyDeps, target: Target, dry: boolean): Promise<Planned> {
  const { ledger, keyring, place } = deps;
  const found = await snapshot(target.path);
  const record = ledger.files.find(({ path }) => path === found.path);
  const there = target.kind === 'hooks' ? undefined : agentIdThere(target, found.text, keyring.url);
  const wanted = record?.agent_id ?? there ?? wantedAgentId(target.client, target.scope, place);
  const syntax = SYNTAXES[target.syntax];
  const known = target.kind === 'hooks' ? undefined : keyring.known(target.client.id);
  const tryOut = (key: string, agentId: string): { edits: readonly Edit[]; text: string } => {
    const edits = target.edits({ url: keyring.url, key, agentId });
    return { edits, text: syntax.edit(found.text, edits) };
  };
  // Before a key is made: a file that cannot be changed needs none.
  let done = tryOut(known?.key ?? NO_KEY, wanted);
  let agentId = wanted;
  let key = known;
  const isOwn = known !== undefined && record?.key_id === known.key_id;
  if (target.kind === 'server' && !dry && !isOwn) {
    key = await keyring.keyOf(target.client.id);
    const taken = ledger.files.flatMap((one) => (one === record ? [] : (one.agent_id ?? [])));
    agentId = await keyring.claim(key, wanted, taken);
    done = tryOut(key.key, agentId);
  }
  return {
    ...{ target, found, record, key, ...done },
    agentId: target.kind === 'hooks' ? null : agentId,
    difference: done.text === found.text ? '' : difference(found.text, done.text),
  };
}

/**
 * Writes what was planned, after a copy and a record of what was there.
 * @returns the copy of what the file held; undefined: there was no file, or nothing is written.
 * @throws UneditableError
 */
export async function apply(deps: ApplyDeps, planned: Planned): Promise<string | undefined> {
  const { ledger } = deps;
  const { target, found, record, text } = planned;
  const { before, copy } = await keepBefore(ledger, planned);
  const bytes = text === found.text && found.bytes !== null ? found.bytes : bytesFor(found, text);
  const next: Recorded = {
    ...{ client: target.client.id, scope: target.scope, kind: target.kind, path: found.path },
    project: target.scope === 'project' ? deps.place.cwd : null,
    syntax: target.syntax,
    agent_id: planned.agentId,
    key_id: planned.key?.key_id ?? null,
    edits: planned.edits.map((edit) => ('set' in edit ? { at: [...edit.at], set: true } : writable(edit))),
    before,
    after: sha256(bytes),
    made: record?.made ?? null,
  };
  const others = ledger.files.filter((one) => one !== record);
  // First the record: what is written must be known, also to a run that comes after a crash.
  ledger.files = [...others, next];
  await ledger.save();
  if (planned.difference === '' && found.bytes !== null) return undefined;
  try {
    await demandUnchanged(found);
    const made = await writeWhole(found.path, bytes, modeOf(planned));
    ledger.files = [...others, { ...next, made: next.made ?? made ?? null }];
  } catch (error) {
    ledger.files = record === undefined ? others : [...others, record];
    throw error;
  } finally {
    await ledger.save();
  }
  return copy;
}

/** Clients write their files too. @throws UneditableError */
async function demandUnchanged(found: Snapshot): Promise<void> {
  const { bytes } = await snapshot(found.path);
  const isSame = bytes === null ? found.bytes === null : found.bytes?.equals(bytes) === true;
  if (!isSame) throw new UneditableError('was changed just now by another program: try again');
}

/** Keeps what the file held before connect came, which is not what an earlier run has put there. */
async function keepBefore(
  ledger: Ledger,
  { found, record, target }: Planned,
): Promise<{ readonly before: Recorded['before']; readonly copy?: string }> {
  if (found.bytes === null || found.mode === null) return { before: null };
  if (record !== undefined && sha256(found.bytes) === record.after) return { before: record.before };
  const original = record?.before == null ? '' : (await ledger.kept(record.before.sha256)).toString();
  const without =
    record === undefined
      ? undefined
      : takenBack(SYNTAXES[target.syntax], found.text, editsOf(record), original);
  const bytes = without === undefined ? found.bytes : bytesFor(found, without);
  const copy = await ledger.keep(bytes);
  return { before: { sha256: sha256(bytes), mode: record?.before?.mode ?? found.mode }, copy };
}

/** Keys are for their owner's eyes; else a file keeps its mode. */
function modeOf({ target, found }: Planned): number {
  const mode = found.mode ?? NEW_FILE;
  const holdsKey = target.kind === 'server' && target.variable === undefined;
  return holdsKey ? mode & ~OTHERS : mode;
}

/** The edits of a record; what was set is not remembered, as it holds the key. */
export function editsOf({ edits }: Recorded): readonly Edit[] {
  return edits.map((edit) => ('set' in edit ? { at: edit.at, set: '' } : (edit as Edit)));
}

function writable(edit: Exclude<Edit, { readonly set: unknown }>): Recorded['edits'][number] {
  return JSON.parse(JSON.stringify(edit)) as Recorded['edits'][number];
}
