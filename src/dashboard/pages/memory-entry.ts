/** `/ui/memory/entry`: one value, and the ways to change it: by another one, if nobody else did meanwhile, or for good. */
import { HubError, invalid } from '../../errors.ts';
import type { MemoryAddress } from '../../features/memory/service.ts';
import { toFullEntry, type MemoryEntry } from '../../http/objects.ts';
import { confirmed, sizeOf, timeLeft } from '../controls.ts';
import { csrfField } from '../layout.ts';
import { addressOf, entryAddress, historyAddress } from '../memory/address.ts';
import { agentName, countOf, mark, select, timeOf } from '../parts.ts';
import { definePage, html, none, type Action, type Form, type Html, type View } from '../page.ts';
import { sessionLink } from './memory.ts';

interface Data {
  readonly entry: MemoryEntry;
}

const PATH = '/memory/entry';
const SHOWN = 100;
const HOUR_S = 3600;
/** By what the form says, in seconds; null: never. What is not among them stays as it is. */
const EXPIRIES: Readonly<Record<string, number | null>> = {
  never: null,
  hour: HOUR_S,
  day: 24 * HOUR_S,
  week: 7 * 24 * HOUR_S,
};

export const memoryEntryPage = definePage<Data>({
  path: PATH,
  scripts: ['countdown'],
  load: async ({ ctx, services, query }) => ({
    entry: toFullEntry(
      await services.memory.get(
        ctx,
        addressOf((name) => query.get(name)),
      ),
    ),
  }),
  title: ({ entry }) => entry.key,
  main: ({ entry }, view) =>
    html`<div class="head">
        <p class="crumbs"><a href="/ui/memory">Memory</a></p>
        <h1><code>${entry.key}</code></h1>
        ${facts(entry, view)}
      </div>
      <section class="stack" aria-labelledby="value">
        <h2 id="value">Value</h2>
        <pre class="raw" tabindex="0">${textOf(entry.value)}</pre>
      </section>
      ${
        Object.keys(entry.metadata).length === 0
          ? none
          : html`<section class="stack" aria-labelledby="metadata">
              <h2 id="metadata">Metadata</h2>
              <pre class="raw" tabindex="0">${textOf(entry.metadata)}</pre>
            </section>`
      }
      <section class="stack" aria-label="Change">${editForm(entry, view)} ${deletion(entry, view)}</section>`,
});

/** Puts another value in the place of the version that was shown. @throws HubError VERSION_MISMATCH, MEMORY_NOT_FOUND, INVALID_INPUT */
export const changeMemory: Action = {
  path: PATH,
  async run({ ctx, services, now }, form) {
    const where = addressOf((name) => form[name]);
    const { metadata, expiresAt } = await services.memory.get(ctx, where);
    const chosen = EXPIRIES[form['expiry'] ?? ''];
    const left = expiresAt === null ? null : Math.max(1, Math.ceil((expiresAt - now) / 1000));
    const expiresInSeconds = chosen === undefined ? left : chosen;
    await services.memory.set(ctx, {
      ...{ ...where, metadata, overwrite: true, ifVersion: versionOf(form) },
      value: valueOf(form['value'] ?? ''),
      ...(expiresInSeconds === null ? {} : { expiresInSeconds }),
    });
    return { to: addressFor(where) };
  },
};

/** @throws HubError VERSION_MISMATCH, MEMORY_NOT_FOUND */
export const deleteMemory: Action = {
  path: `${PATH}/delete`,
  async run({ ctx, services }, form) {
    await services.memory.delete(ctx, { ...addressOf((name) => form[name]), ifVersion: versionOf(form) });
    return { to: '/ui/memory' };
  },
};

function addressFor({ key, scope, sessionId }: MemoryAddress): string {
  return entryAddress({ key, scope, session_id: sessionId ?? null });
}

/** @throws HubError INVALID_INPUT */
function versionOf({ version = '' }: Form): number {
  if (/^\d{1,15}$/.test(version)) return Number(version);
  throw invalid('version', version, 'the version that was shown');
}

/** @throws HubError INVALID_INPUT */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // What it says of the text is a piece of the text.
    throw new HubError('INVALID_INPUT', 'value is not JSON.', {
      context: { field: 'value', length: text.length },
      suggestions: ['Go back and mend it; a plain text stands in double quotes.'],
    });
  }
}

function textOf(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function facts(entry: MemoryEntry, { now }: View): Html {
  const { scope, session_id: session, expires_at: until } = entry;
  return html`<p class="facts">
    ${mark(scope === 'shared' ? 'shared by all' : 'own')}
    ${session === null ? none : html`<span>in ${sessionLink(session)}</span>`}
    <span>version ${countOf(entry.version)}</span>
    <a href="${historyAddress(entry)}">History</a>
    <span>${sizeOf(entry.value_size)}</span>
    <span>updated ${timeOf(entry.updated_at, now)} by ${agentName(entry.updated_by)}</span>
    <span>made ${timeOf(entry.created_at, now)}</span>
    ${until === null ? none : html`<span>expires in ${timeLeft(until, now)}</span>`}
  </p>`;
}

function placeFields({ key, scope, session_id: session, version }: MemoryEntry): Html {
  return html`<input type="hidden" name="key" value="${key}" />
    <input type="hidden" name="scope" value="${scope}" />
    <input type="hidden" name="session" value="${session ?? ''}" />
    <input type="hidden" name="version" value="${version}" />`;
}

function editForm(entry: MemoryEntry, view: View): Html {
  const text = textOf(entry.value);
  const expiry = [
    { value: '', label: entry.expires_at === null ? 'Never, as now' : 'As now' },
    ...(entry.expires_at === null ? [] : [{ value: 'never', label: 'Never' }]),
    { value: 'hour', label: 'In an hour' },
    { value: 'day', label: 'In a day' },
    { value: 'week', label: 'In a week' },
  ];
  return html`<details class="filtering">
    <summary>Edit</summary>
    <form method="post" action="/ui${PATH}" class="stack">
      ${csrfField(view)} ${placeFields(entry)}
      <label class="field"
        ><span>Value (JSON)</span>
        <textarea name="value" rows="12" spellcheck="false" class="code">${text}</textarea>
      </label>
      <div class="filters">
        ${select('expiry', 'Expires', expiry, '')} <button class="primary">Save</button>
      </div>
      <p class="faint">It is saved only if nobody has changed version ${entry.version} meanwhile.</p>
    </form>
  </details>`;
}

function deletion(entry: MemoryEntry, view: View): Html {
  const name = entry.key.slice(0, SHOWN);
  return confirmed(view, {
    ...{ ask: 'Delete …', about: name, button: 'Delete for good', action: `/ui${PATH}/delete` },
    question: `${name}, version ${entry.version}, will be gone for all who use it, with its history. Nothing keeps a copy.`,
    fields: placeFields(entry),
  });
}
