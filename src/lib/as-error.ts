/** What was thrown, in an Error if it is none: an abort reason, for one, is often none. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`${typeof thrown} thrown`, { cause: thrown });
}
