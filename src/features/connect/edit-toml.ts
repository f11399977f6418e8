/** Changes of TOML that keep comments, order and spelling. Each is read back before it counts. */
import { parse, patch } from '@decimalturn/toml-patch';
import type { Edit, Value } from './clients.ts';
import { same } from './same.ts';
import { UneditableError } from './uneditable.ts';

type Table = Record<string, unknown>;

/** TOML 1.0 has no trailing commas in inline tables, whatever the lists of the file look like. */
const FORMAT = { trailingComma: false };

/** The text with the edits made; the same text if it has them already. @throws UneditableError */
export function editToml(text: string, edits: readonly Edit[]): string {
  return edits.reduce((so, edit) => {
    if (!('set' in edit)) throw new UneditableError('is TOML, in which no lists are changed');
    return setAt(so, edit.at, edit.set);
  }, text);
}

/** The text without what an edit has written; undefined if nothing of it is there. @throws UneditableError */
export function withoutEdit(text: string, { at }: Edit): string | undefined {
  if (tomlValue(text, at) === undefined) return undefined;
  return changed(text, (root) => {
    const name = at.at(-1) ?? '';
    Reflect.deleteProperty(tableAt(root, at.slice(0, -1)), name);
  });
}

/** The text without the table at a path, if it is there and empty. @throws UneditableError */
export function withoutEmpty(text: string, at: readonly string[]): string {
  const value = tomlValue(text, at);
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return isEmpty ? (withoutEdit(text, { at, set: {} }) ?? text) : text;
}

/** What a path leads to. @throws UneditableError */
export function tomlValue(text: string, at: readonly string[]): unknown {
  return at.reduce<unknown>((value, name) => (isTable(value) ? value[name] : undefined), read(text));
}

function setAt(text: string, at: readonly string[], value: Value): string {
  const found = tomlValue(text, at);
  if (same(found, value)) return text;
  const put = (root: Table): void => {
    tableAt(root, at.slice(0, -1))[at.at(-1) ?? ''] = structuredClone(value);
  };
  // A section of its own reads best, where none is there and the file does not write its tables in another way.
  const section = found === undefined ? withSection(text, at, value) : undefined;
  if (section !== undefined && isChanged(text, section, put)) return section;
  return changed(text, put);
}

/** Undefined where the value is no table of texts and tables of texts. */
function withSection(text: string, at: readonly string[], value: Value): string | undefined {
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = Object.entries(value).map(([name, inner]) => `${keyText(name)} = ${inlineText(inner)}`);
  const before = text === '' ? '' : text.endsWith('\n') ? eol : eol + eol;
  return text + before + [`[${at.map(keyText).join('.')}]`, ...lines, ''].join(eol);
}

function inlineText(value: Value): string {
  if (typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value);
  const pairs = Object.entries(value).map(([name, inner]) => `${keyText(name)} = ${inlineText(inner)}`);
  return `{ ${pairs.join(', ')} }`;
}

const keyText = (name: string): string => (/^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name));

function changed(text: string, change: (root: Table) => void): string {
  const wanted = read(text);
  change(wanted);
  const after = patch(text, wanted, FORMAT);
  if (!isChanged(text, after, change))
    throw new UneditableError('cannot be changed without changing what else is in it');
  return after;
}

/** Whether `after` says what `before` says with the change made, and nothing else. */
function isChanged(before: string, after: string, change: (root: Table) => void): boolean {
  const wanted = read(before);
  change(wanted);
  try {
    return same(read(after), wanted);
  } catch {
    return false;
  }
}

function read(text: string): Table {
  try {
    return parse(text) as Table;
  } catch (error) {
    const place = error instanceof Error ? /\((\d+), \d+\)/.exec(error.message)?.[1] : undefined;
    throw new UneditableError(place === undefined ? 'is not TOML' : `is not TOML (line ${place})`);
  }
}

/** @throws UneditableError */
function tableAt(root: Table, at: readonly string[]): Table {
  let table = root;
  for (const name of at) {
    const next = (table[name] ??= {});
    if (!isTable(next)) throw new UneditableError(`has ${at.join('.')}, but not as a table`);
    table = next;
  }
  return table;
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
