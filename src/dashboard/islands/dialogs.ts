/** Dialogs over the page: what the keys do, and the palette that leads everywhere. */
import { element } from './dom.ts';

function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

/** Opens over the page, and is gone when it is closed. */
function open(dialog: HTMLDialogElement): void {
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', ({ target }) => {
    // What is not in it is the ground around it.
    if (target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** `keys` by what is pressed, each with what it does. */
export function showHelp(keys: readonly (readonly [pressed: string, words: string])[]): void {
  const rows = keys.map(([pressed, words]) => {
    const parts = pressed.split(' ').map((key) => make('kbd', {}, key));
    return make('div', {}, make('dt', {}, ...parts), make('dd', {}, words));
  });
  const close = make('button', { class: 'quiet' }, 'Close');
  const form = make('form', { method: 'dialog' }, close);
  const title = make('h2', { id: 'help-title' }, 'Keyboard');
  open(
    make('dialog', { 'aria-labelledby': 'help-title' }, title, make('dl', { class: 'keys' }, ...rows), form),
  );
}

export interface Command {
  readonly label: string;
  readonly run: () => void;
}

const SHOWN = 12;

/** What is typed narrows the commands down; `search` is what to do with words that name none of them. */
export function showPalette(commands: readonly Command[], search: (words: string) => Command): void {
  const list = make('ul', { id: 'palette-list', role: 'listbox', 'aria-label': 'Commands' });
  const input = make('input', {
    ...{ type: 'text', role: 'combobox', 'aria-label': 'Command', 'aria-controls': list.id },
    ...{ 'aria-expanded': 'true', 'aria-autocomplete': 'list', autocomplete: 'off' },
    placeholder: 'Go to, or search for …',
  });
  const dialog = make('dialog', { class: 'palette', 'aria-label': 'Command palette' }, input, list);
  let found: readonly Command[] = [];
  let at = 0;

  function choose(index: number): void {
    at = (index + found.length) % found.length;
    for (const [place, option] of [...list.children].entries())
      option.setAttribute('aria-selected', String(place === at));
    input.setAttribute('aria-activedescendant', `command-${at}`);
    list.children[at]?.scrollIntoView({ block: 'nearest' });
  }

  function run(command: Command | undefined): void {
    dialog.close();
    command?.run();
  }

  function narrow(): void {
    const words = input.value.toLowerCase().split(/\s+/);
    const fitting = commands.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
    const asked = input.value.trim();
    found = [...fitting.slice(0, SHOWN), ...(asked === '' ? [] : [search(asked)])];
    list.replaceChildren(
      ...found.map((command, index) => {
        const option = make('li', { role: 'option', id: `command-${index}` }, command.label);
        option.addEventListener('click', () => run(command));
        return option;
      }),
    );
    choose(0);
  }

  input.addEventListener('input', narrow);
  input.addEventListener('keydown', (event) => {
    const { key } = event;
    if (key === 'ArrowDown') choose(at + 1);
    else if (key === 'ArrowUp') choose(at - 1);
    else if (key === 'Enter') run(found[at]);
    else return;
    event.preventDefault();
  });
  narrow();
  open(dialog);
  input.focus();
}

/** Beside the switch of themes, for who does not know the key. */
export function helpButton(onClick: () => void): void {
  const button = make('button', { type: 'button', class: 'quiet', 'aria-label': 'Keyboard shortcuts' }, '?');
  button.addEventListener('click', onClick);
  element('theme').before(button);
}
