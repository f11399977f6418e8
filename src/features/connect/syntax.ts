/** The two syntaxes of clients' files, behind one face. */
import type { ClientFile, Edit } from './clients.ts';
import * as json from './edit-json.ts';
import * as toml from './edit-toml.ts';

export interface Syntax {
  /** The text with the edits made; the same text if it has them already. @throws UneditableError */
  readonly edit: (text: string, edits: readonly Edit[]) => string;
  /** The text without what an edit has written; undefined if nothing of it is there. @throws UneditableError */
  readonly without: (text: string, edit: Edit) => string | undefined;
  /** The text without what is at a path, if that holds nothing. @throws UneditableError */
  readonly withoutEmpty: (text: string, at: readonly string[]) => string;
  /** What a path leads to. @throws UneditableError */
  readonly value: (text: string, at: readonly string[]) => unknown;
}

export const SYNTAXES: Readonly<Record<ClientFile['syntax'], Syntax>> = {
  json: {
    edit: json.editJson,
    without: json.withoutEdit,
    withoutEmpty: json.withoutEmpty,
    value: json.jsonValue,
  },
  toml: {
    edit: toml.editToml,
    without: toml.withoutEdit,
    withoutEmpty: toml.withoutEmpty,
    value: toml.tomlValue,
  },
};

/**
 * The text without what `edits` have written, and without the objects that they made for it: those that `before` did not
 * have. Where they replaced something, that is put back. Undefined if nothing of it is there any more.
 * @throws UneditableError
 */
export function takenBack(
  syntax: Syntax,
  text: string,
  edits: readonly Edit[],
  before: string,
): string | undefined {
  let so = text;
  let found = false;
  for (const edit of edits) {
    const old = 'set' in edit ? syntax.value(before, edit.at) : undefined;
    if (old !== undefined) {
      found ||= syntax.value(so, edit.at) !== undefined;
      so = syntax.edit(so, [{ at: edit.at, set: old as Edit extends { set: infer V } ? V : never }]);
      continue;
    }
    const without = syntax.without(so, edit);
    if (without === undefined) continue;
    found = true;
    so = without;
    const depth = 'set' in edit ? edit.at.length - 1 : edit.at.length;
    for (let n = depth; n > 0; n--) {
      const made = edit.at.slice(0, n);
      if (syntax.value(before, made) === undefined) so = syntax.withoutEmpty(so, made);
    }
  }
  return found ? so : undefined;
}
