/** Small things that pages show alike: times, agents, marks, chips of filters. */
import { hash } from 'node:crypto';
import { html, none, type Html } from './page.ts';

const UNITS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, ms: number])[] = [
  ['year', 365 * 24 * 3_600_000],
  ['month', 30 * 24 * 3_600_000],
  ['day', 24 * 3_600_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'narrow' });

/** `at` and `now` in milliseconds since the epoch. */
export function relative(at: number, now: number): string {
  const past = at - now;
  const [unit, ms] = UNITS.find(([, size]) => Math.abs(past) >= size) ?? ['minute', 60_000];
  const count = Math.trunc(past / ms);
  return count === 0 ? 'now' : RELATIVE.format(count, unit);
}

/** A time as people say it, with the exact one behind it; scripts keep it up to date. */
export function timeOf(iso: string, now: number): Html {
  const exact = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
  return html`<time datetime="${iso}" title="${exact}">${relative(Date.parse(iso), now)}</time>`;
}

const HUES = 16;

/** The class that gives an agent its colour, the same everywhere. */
export function hueOf(agentId: string): string {
  return `hue-${Number.parseInt(hash('sha256', agentId.toLowerCase()).slice(0, 8), 16) % HUES}`;
}

export function agentName(agentId: string): Html {
  return html`<span class="agent ${hueOf(agentId)}">${agentId}</span>`;
}

/** A few names, and how many there are besides. */
export function agentNames(ids: readonly string[], atMost: number): Html {
  const rest = ids.length - atMost;
  return html`<span class="agents">
    ${ids.slice(0, atMost).map(agentName)}${
      rest > 0
        ? html`<span class="faint" title="${ids.slice(atMost, atMost + 20).join(', ')}">+${rest}</span>`
        : none
    }
  </span>`;
}

export function mark(text: string, kind = ''): Html {
  return html`<span class="mark ${kind}">${text}</span>`;
}

const NUMBER = new Intl.NumberFormat('en');

export function countOf(count: number): string {
  return NUMBER.format(count);
}

/** As `1 message` and `2 messages`; `noun` is of one. */
export function counted(count: number, noun: string): string {
  return `${countOf(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** The query of a page with some of it changed; null takes away. What is empty is left out. */
export function queryWith(query: URLSearchParams, change: Readonly<Record<string, string | null>>): string {
  const next = new URLSearchParams();
  for (const [name, value] of [...query, ...Object.entries(change)]) {
    if (name in change && change[name] !== value) continue;
    if (value !== null && value !== '') next.set(name, value);
  }
  const text = next.toString();
  return text === '' ? '?' : `?${text}`;
}

export interface Chip {
  readonly name: string;
  readonly label: string;
  readonly value: string;
}

/** What a listing is filtered by; each chip leads to the listing without it. */
export function chips(query: URLSearchParams, all: readonly Chip[]): Html {
  const set = all.filter(({ value }) => value !== '');
  if (set.length === 0) return none;
  return html`<ul class="chips" aria-label="Filters">
    ${set.map(
      ({ name, label, value }) =>
        html`<li>
          <a
            class="chip"
            href="${queryWith(query, { [name]: null, cursor: null, before: null, after: null, at: null, past: null })}"
            ><span class="faint">${label}</span> ${value}<span aria-hidden="true"> ×</span
            ><span class="hidden">: remove</span></a
          >
        </li>`,
    )}
  </ul>`;
}

export interface Option {
  readonly value: string;
  readonly label: string;
}

export function select(name: string, label: string, options: readonly Option[], selected: string): Html {
  return html`<label class="field"
    ><span>${label}</span>
    <select name="${name}">
      ${options.map(
        ({ value, label: text }) =>
          html`<option value="${value}" ${value === selected ? html`selected` : none}>${text}</option>`,
      )}
    </select></label
  >`;
}
