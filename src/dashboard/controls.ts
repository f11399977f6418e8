/** What pages share that list and change things: the way to the next rows, questions before a change, fields as filled in. */
import { csrfField } from './layout.ts';
import { countOf, queryWith } from './parts.ts';
import { html, none, type Form, type Html, type View } from './page.ts';

/** Leads on to the next rows of a listing, and back to its first. */
export function pager(
  query: URLSearchParams,
  next: string | undefined,
  words: { readonly label: string; readonly first: string; readonly next: string },
): Html {
  return html`<nav class="pager" aria-label="${words.label}">
    ${query.has('cursor') ? html`<a href="${queryWith(query, { cursor: null })}">${words.first}</a>` : none}
    ${next === undefined ? none : html`<a rel="next" href="${queryWith(query, { cursor: next })}">${words.next}</a>`}
  </nav>`;
}

export interface Question {
  /** What opens the question; of things that are listed, each with its name for those who do not see where it stands. */
  readonly ask: string;
  readonly about: string;
  /** What will happen. */
  readonly question: string;
  readonly button: string;
  /** Where the form goes. */
  readonly action: string;
  readonly fields?: Html;
}

/** A change that is made after a second look only; it works without scripts. */
export function confirmed(view: Pick<View, 'csrf'>, question: Question): Html {
  const { ask, about, button, action, fields = none } = question;
  return html`<details class="confirm">
    <summary>${ask}<span class="hidden"> ${about}</span></summary>
    <form method="post" action="${action}" class="stack">
      ${csrfField(view)}
      <p>${question.question}</p>
      ${fields}
      <button class="danger">${button}</button>
    </form>
  </details>`;
}

/** Those of the fields that say something; forms send the empty ones too. */
export function filledIn<Name extends string>(
  form: Form | URLSearchParams,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const text = (name: Name): string =>
    ((form instanceof URLSearchParams ? form.get(name) : form[name]) ?? '').trim();
  return Object.fromEntries(
    names.map((name) => [name, text(name)] as const).filter(([, value]) => value !== ''),
  ) as Partial<Record<Name, string>>;
}

/** A time of a form as ISO 8601; browsers write `datetime-local` without a zone, which is UTC here. */
export function isoOfField(text: string): string {
  const full = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) ? `${text}:00` : text;
  return /^\d{4}-\d\d-\d\dT[\d:.]+$/.test(full) ? `${full}Z` : full;
}

/** How long is left until a time; the script `countdown` counts it down. `now` in milliseconds since the epoch. */
export function timeLeft(iso: string, now: number): Html {
  const exact = `until ${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
  return html`<span class="left" data-until="${iso}" title="${exact}">${clock(Date.parse(iso) - now)}</span>`;
}

/** As `4:05` or `2:04:05`. */
function clock(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const two = (count: number): string => String(count % 60).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

const BYTES = ['B', 'kB', 'MB', 'GB', 'TB'];

export function sizeOf(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return 'not known';
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), BYTES.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 ? countOf(value) : value.toPrecision(3)} ${BYTES[power] ?? ''}`;
}

/** Milliseconds as people read them; null: there were none. */
export function millis(ms: number | null): string {
  if (ms === null) return '–';
  return ms < 10
    ? `${ms.toFixed(1)} ms`
    : ms < 10_000
      ? `${countOf(Math.round(ms))} ms`
      : `${(ms / 1000).toFixed(1)} s`;
}
