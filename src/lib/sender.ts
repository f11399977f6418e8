/** A sender's name as searches compare it: without case, `_`, `-` and white space. */
export function normalizeSender(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_-]+/gu, '');
}
