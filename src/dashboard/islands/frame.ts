/** On every page: the switch of themes, times that stay true, forms that send themselves, copying. */
import { element, say } from './dom.ts';

const THEMES = ['auto', 'light', 'dark'] as const;

function themeSwitch(): void {
  const button = element('theme');
  const show = (): string => {
    const theme = document.documentElement.dataset['theme'] ?? 'auto';
    button.textContent = `Theme: ${theme}`;
    return theme;
  };
  show();
  button.hidden = false;
  button.addEventListener('click', () => {
    const next = THEMES[(THEMES.findIndex((theme) => theme === show()) + 1) % THEMES.length] ?? 'auto';
    if (next === 'auto') {
      delete document.documentElement.dataset['theme'];
      localStorage.removeItem('theme');
    } else {
      document.documentElement.dataset['theme'] = next;
      localStorage.setItem('theme', next);
    }
    show();
  });
}

const UNITS = [
  ['year', 31_536_000_000],
  ['month', 2_592_000_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'narrow' });
const TIMES_EVERY_MS = 30_000;

function updateTimes(): void {
  const now = Date.now();
  for (const time of document.querySelectorAll('time')) {
    const past = Date.parse(time.dateTime) - now;
    const [unit, ms] = UNITS.find(([, size]) => Math.abs(past) >= size) ?? ['minute', 60_000];
    const count = Math.trunc(past / ms);
    const words = count === 0 ? 'now' : RELATIVE.format(count, unit);
    if (time.textContent !== words) time.textContent = words;
  }
}

/** A choice is made when it is made; words are finished with Enter. */
function sendForms(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-autosubmit]')) {
    form.addEventListener('change', ({ target }) => {
      if (
        target instanceof HTMLSelectElement ||
        (target instanceof HTMLInputElement && target.type === 'checkbox')
      )
        form.requestSubmit();
    });
    // An address says only what is chosen.
    form.addEventListener('formdata', ({ formData }) => {
      for (const [name, value] of [...formData]) if (value === '') formData.delete(name);
    });
  }
}

function copyCommands(): void {
  document.addEventListener('click', (event) => {
    const code = event.target instanceof Element ? event.target.closest('[data-copy]') : null;
    if (code === null) return;
    void navigator.clipboard.writeText(code.textContent).then(() => say('Copied'));
  });
}

/** Where the navigation is wider than the screen. */
function showPlace(): void {
  document.querySelector('nav [aria-current="page"]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
}

themeSwitch();
showPlace();
sendForms();
copyCommands();
updateTimes();
setInterval(updateTimes, TIMES_EVERY_MS);
