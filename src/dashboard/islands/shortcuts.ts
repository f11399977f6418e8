/** Keys of every page; where something is typed, or a dialog is open, they are letters. */
import { helpButton, showHelp, showPalette, type Command } from './dialogs.ts';
import { say } from './dom.ts';

/** After `g`. */
const PLACES: Readonly<Record<string, string>> = { s: 'sessions', m: 'memory', a: 'agents' };
/** Within this time the second key of two belongs to the first. */
const SECOND_KEY_MS = 1000;
const ROWS = '[data-row], .msg';
const TYPED_INTO = 'input, textarea, select, [contenteditable]';
const PRESSED = 'a, button, summary';

const HELP: readonly (readonly [pressed: string, words: string])[] = [
  ['/', 'Search'],
  ['j', 'Next row'],
  ['k', 'Row before'],
  ['Enter', 'Open the row, or unfold the message'],
  ['Esc', 'Leave a field, a dialog or the row'],
  ['g s', 'Go to the sessions'],
  ['g m', 'Go to the memory'],
  ['g a', 'Go to the agents'],
  ['y', 'Copy the link of the row, or of the page'],
  ['Space', 'Pause a live timeline, or let it go on'],
  ['Ctrl K', 'Commands'],
  ['?', 'This help'],
];

const go = (place: string): void => location.assign(`/ui/${place}`);
const help = (): void => showHelp(HELP);
const current = (): HTMLElement | null => document.querySelector<HTMLElement>(`:is(${ROWS}).at`);

function mark(row: HTMLElement | undefined): void {
  current()?.classList.remove('at');
  if (row === undefined) return;
  row.classList.add('at');
  (row.querySelector<HTMLElement>('a.row') ?? row).focus({ preventScroll: true });
  row.scrollIntoView({ block: 'nearest', behavior: 'instant' });
}

/** From the row that is marked, or else the first, or the last, that is in sight. */
function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>(ROWS)];
  const from = rows.findIndex((row) => row === current());
  const inSight = rows.filter((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  });
  mark(from === -1 ? inSight.at(by === 1 ? 0 : -1) : (rows[from + by] ?? rows[from]));
}

function openRow(): void {
  const row = current();
  const fold = row?.querySelector<HTMLDetailsElement>('details.fold');
  if (fold) fold.open = !fold.open;
  else row?.querySelector<HTMLAnchorElement>('a.row')?.click();
}

function copyLink(): void {
  const row = current();
  const link = row?.querySelector<HTMLAnchorElement>('a.row, [data-copy-link]')?.href ?? location.href;
  void navigator.clipboard.writeText(link).then(() => say('Link copied'));
}

function search(): void {
  const box = [...document.querySelectorAll<HTMLInputElement>('[data-search]')].find((one) =>
    one.checkVisibility(),
  );
  if (box === undefined) return go('search');
  box.focus();
  box.select();
}

function palette(): void {
  const links = (selector: string): Command[] =>
    [...document.querySelectorAll<HTMLAnchorElement>(selector)].map((link) => ({
      label: link.textContent.trim(),
      run: () => location.assign(link.href),
    }));
  const presses = (selector: string): Command[] =>
    [...document.querySelectorAll<HTMLButtonElement>(selector)].map((button) => ({
      label: button.textContent.trim(),
      run: () => button.click(),
    }));
  const commands = [
    ...links('.bar nav a'),
    ...presses('#theme, .operator form button'),
    { label: 'Keyboard shortcuts', run: help },
    ...links('a.row'),
  ];
  showPalette(commands, (words) => ({
    label: `Search for “${words}”`,
    run: () => go(`search?q=${encodeURIComponent(words)}`),
  }));
}

const live = document.getElementById('live');
const KEYS: Readonly<Record<string, () => void>> = {
  ...{ '?': help, '/': search, j: () => step(1), k: () => step(-1), y: copyLink },
  ...(live === null ? {} : { ' ': () => live.click() }),
  Escape: () => mark(undefined),
};

let wentAt = -Infinity;

addEventListener('keydown', (event) => {
  const { key, target, ctrlKey, metaKey, altKey } = event;
  const element = target instanceof Element ? target : document.body;
  if (document.querySelector('dialog[open]') !== null) return;
  if (key.toLowerCase() === 'k' && (ctrlKey || metaKey) && !altKey) {
    event.preventDefault();
    return palette();
  }
  if (ctrlKey || metaKey || altKey) return;
  if (element.matches(TYPED_INTO)) {
    if (key === 'Escape' && element instanceof HTMLElement) element.blur();
    return;
  }
  const place = event.timeStamp - wentAt < SECOND_KEY_MS ? PLACES[key] : undefined;
  wentAt = key === 'g' ? event.timeStamp : -Infinity;
  if (place !== undefined) return go(place);
  // What is pressed by itself is.
  if ((key === ' ' || key === 'Enter') && element.matches(PRESSED)) return;
  const act = key === 'Enter' && current() !== null ? openRow : KEYS[key];
  if (act === undefined) return;
  event.preventDefault();
  act();
});
helpButton(help);
