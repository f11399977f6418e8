/** `/ui/memory`: what agents remember, as a tree of keys; what all share, or what one agent keeps for itself. */
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import { toEntry, type MemoryEntry } from '../../http/objects.ts';
import { pager, sizeOf, timeLeft } from '../controls.ts';
import { entryAddress } from '../memory/address.ts';
import { foldersOf, pathOf, type Folder } from '../memory/tree.ts';
import { agentName, chips, counted, countOf, queryWith, select, timeOf } from '../parts.ts';
import { definePage, html, none, type Html, type View } from '../page.ts';

interface Data {
  readonly entries: readonly MemoryEntry[];
  readonly next_cursor?: string;
}

const PER_PAGE = 200;
const MAX_TEXT = 500;
/** The session that stands for none. */
const GLOBAL = 'global';
const position = z.object({ agentPk: z.number(), sessionPk: z.number(), key: z.string() });

export const memoryPage = definePage<Data>({
  path: '/memory',
  nav: 'Memory',
  scripts: ['countdown'],
  live: () => ({ kinds: ['memory.'] }),

  async load({ ctx, services, epoch, query }) {
    const { agent, session, prefix, text, cursor } = asked(query);
    const kind = `ui/memory/${agent}`;
    const { entries, next } = await services.memory.list(ctx, {
      limit: PER_PAGE,
      ...(agent === '' ? { scope: 'shared' } : { scope: 'agent', agentId: agent }),
      ...(session === GLOBAL ? {} : { sessionId: session === '' ? 'all' : session }),
      ...(prefix === '' ? {} : { prefix }),
      ...(text === '' ? {} : { query: text }),
      ...(cursor === '' ? {} : { after: decodeCursor(epoch, kind, position, cursor) }),
    });
    return {
      entries: entries.map(toEntry),
      ...(next === null ? {} : { next_cursor: encodeCursor(epoch, kind, next) }),
    };
  },

  title: () => 'Memory',

  main(data, view) {
    const { query } = view;
    const { entries, next_cursor: next } = data;
    return html`<div class="head">
        <h1>Memory</h1>
        ${filters(query)} ${activeFilters(query)} ${folderPath(query)}
      </div>
      ${entries.length === 0 ? nothing(query) : table(entries, view)}
      ${pager(query, next, { label: 'More entries', first: 'First entries', next: 'More entries' })}`;
  },
});

function asked(query: URLSearchParams) {
  const given = (name: string): string => (query.get(name) ?? '').trim();
  return {
    ...{ agent: given('agent'), session: given('session'), prefix: given('prefix') },
    ...{ text: given('q').slice(0, MAX_TEXT), cursor: given('cursor') },
  };
}

function filters(query: URLSearchParams): Html {
  const { agent, session, prefix, text } = asked(query);
  const sessions = [
    { value: '', label: 'In all sessions and outside' },
    { value: GLOBAL, label: 'Outside sessions' },
    ...(session === '' || session === GLOBAL ? [] : [{ value: session, label: session }]),
  ];
  return html`<form class="filters" role="search" aria-label="Memory" data-autosubmit>
    <label class="field grow"
      ><span>Keys and values</span
      ><input type="search" name="q" value="${text}" placeholder="Any words" maxlength="${MAX_TEXT}"
    /></label>
    <label class="field"
      ><span>Key begins with</span><input name="prefix" value="${prefix}" maxlength="255"
    /></label>
    <label class="field"
      ><span>Kept by</span
      ><input name="agent" value="${agent}" placeholder="All: shared memory" maxlength="100"
    /></label>
    ${select('session', 'Where', sessions, session)}
    <button>Filter</button>
  </form>`;
}

function activeFilters(query: URLSearchParams): Html {
  const { agent, session } = asked(query);
  return chips(query, [
    { name: 'agent', label: 'Kept by', value: agent },
    { name: 'session', label: 'Where', value: session === GLOBAL ? 'outside sessions' : session },
  ]);
}

function folderPath(query: URLSearchParams): Html {
  const { prefix } = asked(query);
  if (prefix === '') return none;
  const link = (to: string, label: string) => {
    const href = queryWith(query, { prefix: to, cursor: null });
    return to === prefix
      ? html`<code aria-current="location">${label}</code>`
      : html`<a href="${href}"><code>${label}</code></a>`;
  };
  const folders = pathOf(prefix);
  return html`<nav class="crumbs path" aria-label="Folder">
    <a href="${queryWith(query, { prefix: null, cursor: null })}">All keys</a>
    ${folders.map((folder, index) => link(folder, folder.slice(folders[index - 1]?.length ?? 0)))}
  </nav>`;
}

function table(entries: readonly MemoryEntry[], view: View): Html {
  const { prefix, text } = asked(view.query);
  const rows = text === '' ? foldersOf(entries, prefix) : entries;
  return html`<table class="list memory">
    <thead>
      <tr>
        <th scope="col">Key</th>
        <th scope="col">Session</th>
        <th scope="col" class="number">Size</th>
        <th scope="col" class="number">Version</th>
        <th scope="col">Expires in</th>
        <th scope="col">Updated by</th>
        <th scope="col">Updated</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map((one) => ('entries' in one ? folderRow(one, view) : entryRow(one, view)))}
    </tbody>
  </table>`;
}

function folderRow({ prefix, entries }: Folder<MemoryEntry>, { query, now }: View): Html {
  const latest = entries.map(({ updated_at: at }) => at).sort();
  return html`<tr data-row>
    <td class="wide">
      <a class="row folder" href="${queryWith(query, { prefix, cursor: null })}"><code>${prefix}</code></a>
      <span class="faint">${counted(entries.length, 'key')}</span>
    </td>
    <td></td>
    <td class="number">${sizeOf(sum(entries.map(({ value_size: size }) => size)))}</td>
    <td></td>
    <td></td>
    <td></td>
    <td class="when">${timeOf(latest.at(-1) ?? '', now)}</td>
  </tr>`;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

function entryRow(entry: MemoryEntry, view: View): Html {
  const { key, session_id: session, expires_at: until } = entry;
  const { ctx, now } = view;
  // The values that another agent keeps for itself are its own.
  const isOpen = entry.scope === 'shared' || asked(view.query).agent === ctx.principal.agentId;
  return html`<tr data-row>
    <td class="wide">
      ${
        isOpen
          ? html`<a class="row" href="${entryAddress(entry)}"><code>${key}</code></a>`
          : html`<code>${key}</code>`
      }
    </td>
    <td>${session === null ? none : sessionLink(session)}</td>
    <td class="number">${sizeOf(entry.value_size)}</td>
    <td class="number"><span class="unit">version </span>${countOf(entry.version)}</td>
    <td>${until === null ? none : timeLeft(until, now)}</td>
    <td class="by">${agentName(entry.updated_by)}</td>
    <td class="when">${timeOf(entry.updated_at, now)}</td>
  </tr>`;
}

export function sessionLink(id: string): Html {
  return html`<a href="/ui/sessions/${encodeURIComponent(id)}"><code>${id}</code></a>`;
}

function nothing(query: URLSearchParams): Html {
  const { agent, session, prefix, text } = asked(query);
  if ([agent, session, prefix, text].every((value) => value === '')) {
    return html`<div class="empty">
      <h2>Nothing is remembered for all yet</h2>
      <p>Agents keep values here with <code>set_memory</code>, or you do:</p>
      <p><code class="command" data-copy>schub memory set plan '"ship it"' --scope shared</code></p>
    </div>`;
  }
  return html`<div class="empty">
    <p>No entry fits.</p>
    <p><a href="?">Show all shared memory</a></p>
  </div>`;
}
