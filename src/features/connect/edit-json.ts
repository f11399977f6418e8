/** Changes of JSON with comments that touch nothing but what they change. */
import {
  createScanner,
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import type { Edit, Value } from './clients.ts';
import { same } from './same.ts';
import { UneditableError } from './uneditable.ts';

/** Of the package's enum, which is there for its own compiler only. */
const COMMA = 5;
const LINE_COMMENT = 12;
const BLOCK_COMMENT = 13;
const LINE_BREAK = 14;
const BLANK = 15;

/** The text with the edits made; the same text if it has them already. @throws UneditableError */
export function editJson(text: string, edits: readonly Edit[]): string {
  return edits.reduce(
    (so, edit) => ('set' in edit ? setAt(so, edit.at, edit.set) : addAt(so, edit.at, edit.add)),
    text,
  );
}

/** The text without what an edit has written; undefined if nothing of it is there. @throws UneditableError */
export function withoutEdit(text: string, edit: Edit): string | undefined {
  const node = findNodeAtLocation(rootOf(text), [...edit.at]);
  if (node === undefined) return undefined;
  if ('set' in edit) return removed(text, node.parent ?? node);
  const item = node.children?.find((one) => same(getNodeValue(one), edit.add));
  return item === undefined ? undefined : removed(text, item);
}

/** The text without the object or list at a path, if it is there and empty. @throws UneditableError */
export function withoutEmpty(text: string, at: readonly string[]): string {
  const node = findNodeAtLocation(rootOf(text), [...at]);
  if (node?.children?.length !== 0) return text;
  return removed(text, node.parent ?? node);
}

/** What a path leads to. @throws UneditableError */
export function jsonValue(text: string, at: readonly string[]): unknown {
  if (text.trim() === '') return undefined;
  const node = findNodeAtLocation(rootOf(text), [...at]);
  return node === undefined ? undefined : getNodeValue(node);
}

function rootOf(text: string): Node {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) {
    const line = text.slice(0, error.offset).split('\n').length;
    throw new UneditableError(`is not JSON (line ${String(line)}: ${printParseErrorCode(error.error)})`);
  }
  if (root?.type !== 'object') throw new UneditableError('is not a JSON object');
  return root;
}

function setAt(text: string, at: readonly string[], value: Value): string {
  if (text.trim() === '') return `${text}${JSON.stringify(nested(at, value), null, DEFAULT_INDENT)}\n`;
  const root = rootOf(text);
  const found = findNodeAtLocation(root, [...at]);
  if (found === undefined) return appended(text, ...deepest(root, at, value));
  if (same(getNodeValue(found), value)) return text;
  const rendered = render(value, text, indentOfLine(text, found.parent?.offset ?? 0), isInline(text, root));
  return splice(text, found.offset, found.offset + found.length, rendered);
}

function addAt(text: string, at: readonly string[], item: Value): string {
  if (text.trim() === '') return setAt(text, at, [item]);
  const list = findNodeAtLocation(rootOf(text), [...at]);
  if (list === undefined) return setAt(text, at, [item]);
  if (list.type !== 'array') throw new UneditableError(`has ${at.join('.')}, but not as a list`);
  const isThere = list.children?.some((one) => same(getNodeValue(one), item)) === true;
  return isThere ? text : appended(text, list, undefined, item);
}

/** The innermost object on the way that is there, and what it lacks. */
function deepest(root: Node, at: readonly string[], value: Value): [Node, string, Value] {
  let node = root;
  for (const [depth, name] of at.entries()) {
    const next = findNodeAtLocation(node, [name]);
    if (next === undefined) return [node, name, nested(at.slice(depth + 1), value)];
    if (next.type !== 'object')
      throw new UneditableError(`has ${at.slice(0, depth + 1).join('.')}, but not as an object`);
    node = next;
  }
  throw new UneditableError(`has ${at.join('.')} already`);
}

const nested = (at: readonly string[], value: Value): Value =>
  at.reduceRight<Value>((inner, name) => ({ [name]: inner }), value);

/** Puts a property (or, without a name, an item) behind the last child of `parent` and the comment on its line. */
function appended(text: string, parent: Node, name: string | undefined, value: Value): string {
  const key = name === undefined ? '' : `${JSON.stringify(name)}: `;
  const last = parent.children?.at(-1);
  const inner = last === undefined ? parent.offset + 1 : last.offset + last.length;
  const rest = trivia(text, inner);
  // An empty object is no model for what is put into it; the text around it is.
  const isFirst = last === undefined && (parent.parent === undefined || text.trim().includes('\n'));
  if (isInline(text, parent) && !isFirst) {
    const comma = last === undefined || rest.comma !== undefined ? '' : ',';
    return splice(text, rest.end, rest.end, `${comma}${key}${JSON.stringify(value)}`);
  }
  const outer = indentOfLine(text, parent.offset);
  const own = last === undefined ? outer + indentUnit(text) : indentOfLine(text, last.offset);
  const eol = eolOf(text);
  const tail = text.slice(rest.end, parent.offset + parent.length - 1).includes('\n') ? '' : eol + outer;
  const comma = rest.comma === undefined ? '' : ',';
  const added = splice(
    text,
    rest.end,
    rest.end,
    `${eol}${own}${key}${render(value, text, own, false)}${comma}${tail}`,
  );
  return last === undefined || rest.comma !== undefined ? added : splice(added, inner, inner, ',');
}

/** Takes a child out of its object or list, with its comma and, if they held nothing else, its lines. */
function removed(text: string, child: Node): string {
  const siblings = child.parent?.children ?? [];
  const previous = siblings[siblings.indexOf(child) - 1];
  const rest = trivia(text, child.offset + child.length);
  const after = rest.comma === undefined ? child.offset + child.length : rest.comma + 1;
  const [start, end] = wholeLines(text, child.offset, after);
  if (child.parent !== undefined && siblings.length === 1) {
    const [open, close] = [child.parent.offset + 1, child.parent.offset + child.parent.length - 1];
    const isAlone = (text.slice(open, start) + text.slice(end, close)).trim() === '';
    if (isAlone) return splice(text, open, close, '');
  }
  const cut = splice(text, start, end, '');
  if (rest.comma !== undefined || previous === undefined) return cut;
  const { comma } = trivia(text, previous.offset + previous.length);
  return comma === undefined ? cut : splice(cut, comma, comma + 1, '');
}

/** What follows an offset on its line: its comma, and where its last comment ends. */
function trivia(text: string, from: number): { readonly comma: number | undefined; readonly end: number } {
  const scanner = createScanner(text, false);
  scanner.setPosition(from);
  let comma: number | undefined;
  let end = from;
  let sameLine = true;
  for (;;) {
    const token: number = scanner.scan();
    if (token === LINE_BREAK) sameLine = false;
    else if (token === COMMA && comma === undefined) {
      comma = scanner.getTokenOffset();
      if (sameLine) end = comma + 1;
    } else if (token === LINE_COMMENT || token === BLOCK_COMMENT) {
      if (sameLine) end = scanner.getTokenOffset() + scanner.getTokenLength();
    } else if (token !== BLANK) return { comma, end };
  }
}

/** The range, or the lines it is on if there is nothing else on them. */
function wholeLines(text: string, from: number, to: number): readonly [number, number] {
  const start = text.lastIndexOf('\n', from - 1) + 1;
  const newline = text.indexOf('\n', to);
  const end = newline === -1 ? text.length : newline + 1;
  const alone = text.slice(start, from).trim() === '' && text.slice(to, end).trim() === '';
  return alone && newline !== -1 ? [start, end] : [from, to];
}

const DEFAULT_INDENT = '  ';

function render(value: Value, text: string, indent: string, inline: boolean): string {
  if (inline) return JSON.stringify(value);
  return JSON.stringify(value, null, indentUnit(text)).replaceAll('\n', eolOf(text) + indent);
}

const splice = (text: string, start: number, end: number, by: string): string =>
  text.slice(0, start) + by + text.slice(end);
const eolOf = (text: string): string => (/\r\n/.test(text) ? '\r\n' : '\n');
const indentUnit = (text: string): string => /^([ \t]+)["\]}]/m.exec(text)?.[1] ?? DEFAULT_INDENT;
const isInline = (text: string, { offset, length }: Node): boolean =>
  !text.slice(offset, offset + length).includes('\n');

function indentOfLine(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? '';
}
