/** `/ui/memory/history`: the versions of an entry that are kept, and how two of them differ. */
import { invalid } from '../../errors.ts';
import { toEntry, toVersion, type MemoryEntry, type MemoryVersion } from '../../http/objects.ts';
import { pager, sizeOf, timeLeft } from '../controls.ts';
import { addressOf, entryAddress } from '../memory/address.ts';
import { difference, type Line, type Stretch } from '../memory/difference.ts';
import { agentName, countOf, counted, queryWith, select, timeOf } from '../parts.ts';
import { definePage, html, none, type Html, type View } from '../page.ts';

interface Valued {
  readonly version: number;
  readonly value: unknown;
}

interface Data {
  readonly entry: MemoryEntry;
  readonly versions: readonly MemoryVersion[];
  /** The version below which there are older ones. */
  readonly next_cursor?: string;
  /** Absent where there is no older one. */
  readonly compared?: { readonly from: Valued; readonly to: Valued };
}

const PER_PAGE = 200;
/** Lines of a difference that are shown. */
const MAX_LINES = 2000;
const SIGNS: Readonly<Record<Line['kind'], string>> = { same: ' ', removed: '−', added: '+' };

export const memoryHistoryPage = definePage<Data>({
  path: '/memory/history',
  scripts: ['countdown'],

  async load({ ctx, services, query }) {
    const address = addressOf((name) => query.get(name));
    const before = versionOf(query, 'cursor');
    const page = { limit: PER_PAGE, ...(before === undefined ? {} : { before }) };
    const { entry, versions, more } = await services.memory.history(ctx, { ...address, ...page });
    const to = versionOf(query, 'to') ?? versions[0]?.version;
    const older = async (than: number): Promise<number | undefined> => {
      const below = await services.memory.history(ctx, { ...address, before: than, limit: 1 });
      return below.versions[0]?.version;
    };
    const from = versionOf(query, 'from') ?? (to === undefined ? undefined : await older(to));
    const valued = async (version: number): Promise<Valued> => {
      const text = await services.memory.valueOf(ctx, { ...address, version });
      return { version, value: JSON.parse(text) as unknown };
    };
    const last = versions.at(-1)?.version;
    return {
      entry: toEntry(entry),
      versions: versions.map(toVersion),
      ...(more && last !== undefined ? { next_cursor: String(last) } : {}),
      ...(from === undefined || to === undefined
        ? {}
        : { compared: { from: await valued(from), to: await valued(to) } }),
    };
  },

  title: ({ entry }) => `History of ${entry.key}`,

  main(data, view) {
    const { entry, versions, compared, next_cursor: next } = data;
    return html`<div class="head">
        <p class="crumbs">
          <a href="/ui/memory">Memory</a> / <a href="${entryAddress(entry)}"><code>${entry.key}</code></a>
        </p>
        <h1>History of <code>${entry.key}</code></h1>
        ${compared === undefined ? none : comparison(data, compared, view)}
      </div>
      ${compared === undefined ? html`<p class="faint">No older version is kept.</p>` : differenceOf(compared.from, compared.to)}
      <section class="stack" aria-labelledby="versions">
        <h2 id="versions">Versions</h2>
        ${table(versions, compared, view)}
        ${pager(view.query, next, { label: 'More versions', first: 'Newest versions', next: 'Older versions' })}
      </section>`;
  },
});

/** @throws HubError INVALID_INPUT */
function versionOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw invalid(name, text, 'the number of a version');
}

function comparison({ versions }: Data, { from, to }: NonNullable<Data['compared']>, { query }: View): Html {
  const numbers = new Set([...versions.map(({ version }) => version), from.version, to.version]);
  const options = [...numbers]
    .sort((a, b) => b - a)
    .map((version) => ({ value: String(version), label: `Version ${countOf(version)}` }));
  return html`<form class="filters" aria-label="Compare">
    ${['key', 'scope', 'session', 'cursor'].map((name) =>
      query.has(name) ? html`<input type="hidden" name="${name}" value="${query.get(name) ?? ''}" />` : none,
    )}
    ${select('from', 'From', options, String(from.version))}
    ${select('to', 'To', options, String(to.version))}
    <button>Compare</button>
  </form>`;
}

function differenceOf(from: Valued, to: Valued): Html {
  const stretches = difference(from.value, to.value);
  const lines = stretches.flatMap((stretch) => stretch.lines);
  const count = (kind: Line['kind']): number => lines.filter((line) => line.kind === kind).length;
  return html`<section class="stack" aria-labelledby="difference">
    <h2 id="difference">From version ${countOf(from.version)} to version ${countOf(to.version)}</h2>
    <p class="faint">
      ${
        lines.length === 0
          ? 'The values are the same.'
          : `${counted(count('removed'), 'line')} removed, ${counted(count('added'), 'line')} added.`
      }
    </p>
    ${lines.length === 0 ? none : html`<div class="diff">${shown(stretches)}</div>`}
    ${
      lines.length > MAX_LINES
        ? html`<p class="faint">${countOf(lines.length - MAX_LINES)} more lines are not shown.</p>`
        : none
    }
  </section>`;
}

function shown(stretches: readonly Stretch[]): readonly Html[] {
  let room = MAX_LINES;
  return stretches.flatMap(({ start, lines }) => {
    const some = lines.slice(0, room);
    room -= some.length;
    return some.length === 0
      ? []
      : [html`<p class="faint">From line ${countOf(start)}</p>`, ...some.map(lineOf)];
  });
}

function lineOf({ kind, text }: Line): Html {
  const sign = html`<span class="sign" aria-hidden="true">${SIGNS[kind]}</span>`;
  if (kind === 'removed') return html`<del>${sign}<span class="hidden">Removed: </span>${text}</del>`;
  if (kind === 'added') return html`<ins>${sign}<span class="hidden">Added: </span>${text}</ins>`;
  return html`<span>${sign}${text}</span>`;
}

function table(versions: readonly MemoryVersion[], compared: Data['compared'], { query, now }: View): Html {
  return html`<table class="list versions">
    <thead>
      <tr>
        <th scope="col">Version</th>
        <th scope="col">Written by</th>
        <th scope="col" class="number">Size</th>
        <th scope="col">Expires in</th>
        <th scope="col">Written</th>
      </tr>
    </thead>
    <tbody>
      ${versions.map(
        ({ version, updated_by: by, value_size: size, expires_at: until, updated_at: at }) =>
          html`<tr data-row>
            <td class="wide">
              <a
                class="row"
                href="${queryWith(query, { from: null, to: String(version) })}"
                ${compared?.to.version === version ? html`aria-current="true"` : none}
                >Version ${countOf(version)}</a
              >
            </td>
            <td>${agentName(by)}</td>
            <td class="number">${sizeOf(size)}</td>
            <td>
              ${until === null ? none : html`<span class="unit">expires in </span>${timeLeft(until, now)}`}
            </td>
            <td class="when">${timeOf(at, now)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
