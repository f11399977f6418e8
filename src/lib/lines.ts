/** A line of a stream, or the fact that one was longer than allowed. */
export type Line = { readonly text: string } | { readonly tooLong: true };

/** Splits UTF-8 chunks at line feeds; holds at most `maxChars` of a line, whatever is sent. */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>, maxChars: number): AsyncGenerator<Line> {
  const decoder = new TextDecoder();
  let rest = '';
  let skipping = false;
  for await (const chunk of chunks) {
    const parts = decoder.decode(chunk, { stream: true }).split('\n');
    for (const [i, part] of parts.entries()) {
      if (!skipping) rest += part;
      if (rest.length > maxChars) {
        skipping = true;
        rest = '';
      }
      if (i === parts.length - 1) break;
      yield skipping ? { tooLong: true } : { text: rest };
      skipping = false;
      rest = '';
    }
  }
  rest += decoder.decode();
  if (skipping) yield { tooLong: true };
  else if (rest !== '') yield { text: rest };
}
