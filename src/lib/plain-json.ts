/** Copies of what others made, as JSON has it. */
import { MAX_JSON_DEPTH, jsonDepthExceeds } from './json-depth.ts';

/**
 * A copy in well-formed text, without the fields that are undefined.
 * @throws TypeError of what JSON cannot say as it is (dates, functions, NaN, circles), and of what nests too deep.
 */
export function plainJson(value: unknown): unknown {
  const text = JSON.stringify(value, demandPlain) as string | undefined;
  if (text === undefined) throw new TypeError('there is no JSON of undefined');
  if (jsonDepthExceeds(text, MAX_JSON_DEPTH))
    throw new TypeError(`nests deeper than ${MAX_JSON_DEPTH} levels`);
  return JSON.parse(text);
}

/** Looks at the holder's own value: where there is a `toJSON`, `part` is what that made of it. */
function demandPlain(this: unknown, key: string, part: unknown): unknown {
  const own: unknown = Reflect.get(this as object, key);
  if (own !== part || !isPlain(own, Array.isArray(this))) throw new TypeError('not plain JSON');
  return typeof part === 'string' ? part.toWellFormed() : part;
}

function isPlain(value: unknown, isItem: boolean): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'undefined':
      return !isItem;
    case 'object': {
      if (value === null || Array.isArray(value)) return true;
      const prototype: unknown = Object.getPrototypeOf(value);
      return prototype === null || prototype === Object.prototype;
    }
    case 'bigint':
    case 'function':
    case 'symbol':
      return false;
  }
}
