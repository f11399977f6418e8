/** The text that a message is found by: its content, and below it what its metadata says. */

/** Of metadata; it is bounded by a setting, of which this is no more than a multiple. */
const MAX_METADATA_CHARS = 20_000;

/** `metadata`: JSON, or null for none. Index, scores and snippets all take the text from here, so that they agree. */
export function searchableText(content: string, metadata: string | null): string {
  if (metadata === null) return content;
  const said = [...texts(JSON.parse(metadata))].join('\n').slice(0, MAX_METADATA_CHARS);
  return said === '' ? content : `${content}\n${said}`;
}

/** Strings and numbers, and the names under which something stands. */
function* texts(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'number') yield String(value);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value)) {
      if (!Array.isArray(value)) yield name;
      yield* texts(part);
    }
  }
}
