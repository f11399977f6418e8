/** What a setting is. */
import type { Parser } from './parsers.ts';

export const SECTIONS = [
  'keys',
  'http',
  'store',
  'log',
  'telemetry',
  'mcp',
  'limits',
  'plugins',
  'client',
] as const;
export type Section = (typeof SECTIONS)[number];

export interface Setting<T, F extends T | null> {
  readonly section: Section;
  readonly name: string;
  readonly parser: Parser<T>;
  /** Its value where nothing sets it; null: see `otherwise`. */
  readonly fallback: F;
  readonly description: string;
  /** What holds where nothing sets it, if that is no fixed value. */
  readonly otherwise?: string;
  /** Never shown, never part of the configuration that may be logged. */
  readonly secret?: true;
}

/** `id`: its section, and its name in it. */
export function setting<T, const F extends T | null>(
  id: `${Section}.${string}`,
  parser: Parser<T>,
  fallback: F,
  description: string,
  more: Pick<Setting<T, F>, 'otherwise' | 'secret'> = {},
): Setting<T, F> {
  const dot = id.indexOf('.');
  return {
    section: id.slice(0, dot) as Section,
    name: id.slice(dot + 1),
    parser,
    fallback,
    description,
    ...more,
  };
}
