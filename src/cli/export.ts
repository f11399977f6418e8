/** `schub export`: what the key sees, to standard output or into a file. */
import { open, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { systemReason } from '../lib/system-error.ts';
import type { HubClient } from './client.ts';
import { CliError, EXIT, type Output } from './output.ts';
import { startProgress } from './progress.ts';

export interface ExportOptions {
  readonly query?: string;
  readonly format: string;
  readonly out?: string;
}

export interface ExportDeps extends ExportOptions {
  readonly client: HubClient;
  readonly output: Output;
  readonly session: string | undefined;
  readonly signal: AbortSignal;
}

/** Answers the exit code. @throws CliError if the hub or the file cannot do it. */
export async function exportMessages(deps: ExportDeps): Promise<number> {
  const { client, output, session, query, format, out, signal } = deps;
  if (out !== undefined && existsSync(out))
    throw new CliError(EXIT.usage, `${out} exists already; name another file, or move that one away.`);
  const response = await client.send('/api/v1/export', {
    query: { format, session_id: session, query },
    signal,
  });
  const chunks: AsyncIterable<Uint8Array> = response.body ?? ReadableStream.from<Uint8Array>([]);
  try {
    if (out === undefined) await print(chunks, output);
    else await writeFile(chunks, out, output);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (signal.aborted) throw new CliError(EXIT.interrupted, 'Interrupted.', { cause: error });
    throw new CliError(EXIT.failure, 'The hub broke the export off; what came is not all.', { cause: error });
  }
}

/** Until nobody reads it any more, as in `schub export | head`. */
async function print(chunks: AsyncIterable<Uint8Array>, output: Output): Promise<void> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for await (const chunk of chunks) if (!(await output.data(decoder.decode(chunk, { stream: true })))) return;
}

/** Under its name the file is complete and on disk. */
async function writeFile(chunks: AsyncIterable<Uint8Array>, out: string, output: Output): Promise<void> {
  const unfinished = `${out}.tmp`;
  const progress = startProgress(null, output);
  let bytes = 0;
  const file = await open(unfinished, 'w', 0o600).catch((error: unknown) => {
    throw new CliError(EXIT.usage, `${out} cannot be written: ${systemReason(error)}.`, { cause: error });
  });
  try {
    try {
      for await (const chunk of chunks) {
        await file.write(chunk);
        bytes += chunk.length;
        progress.advance(chunk.length);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, out);
  } finally {
    progress.end();
    await rm(unfinished, { force: true });
  }
  if (output.json) output.document({ file: out, bytes });
  else output.note(`${bytes} bytes were written to ${out}.`);
}
