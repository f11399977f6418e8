/** `schub import FILE`: streams a file of messages to the running hub. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { systemReason } from '../lib/system-error.ts';
import type { HubClient } from './client.ts';
import { CliError, EXIT, type Output } from './output.ts';
import { startProgress } from './progress.ts';

const reportSchema = z.object({
  lines: z.number(),
  imported: z.number(),
  already_there: z.number(),
  sessions: z.number(),
  failed: z.number(),
  problems: z.array(z.object({ line: z.number(), problem: z.string() })),
});

export interface ImportDeps {
  readonly client: HubClient;
  readonly output: Output;
  readonly file: string;
  readonly signal: AbortSignal;
}

const PROBLEMS_SHOWN = 20;

/** Answers the exit code: 0, or 1 if a line could not be stored. */
export async function importFile({ client, output, file, signal }: ImportDeps): Promise<number> {
  const size = await sizeOf(file);
  const progress = startProgress(size, output);
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      progress.advance(chunk.length);
      done(null, chunk);
    },
  });
  const source = createReadStream(file)
    .on('error', (error) => counted.destroy(error))
    .pipe(counted);
  const text = file.endsWith('.gz') ? source.pipe(createGunzip()) : source;
  try {
    const report = await client.read(reportSchema, '/api/v1/import', {
      stream: Readable.toWeb(text) as ReadableStream<Uint8Array>,
      contentType: 'application/x-ndjson',
      signal,
    });
    progress.end();
    say(report, output);
    return report.failed > 0 ? EXIT.failure : EXIT.ok;
  } finally {
    progress.end();
    source.destroy();
  }
}

function say(report: z.infer<typeof reportSchema>, output: Output): void {
  for (const { line, problem } of report.problems.slice(0, PROBLEMS_SHOWN))
    output.note(`line ${line}: ${problem}`);
  const more = report.problems.length - PROBLEMS_SHOWN;
  if (more > 0) output.note(`… and ${more} more (all of them with --json)`);
  if (output.json) {
    output.document(report);
    return;
  }
  const parts = [
    `messages imported: ${report.imported}`,
    ...(report.already_there > 0 ? [`there already: ${report.already_there}`] : []),
    ...(report.failed > 0 ? [`could not be stored: ${report.failed}`] : []),
    `sessions: ${report.sessions}`,
  ];
  output.line(parts.join(', '));
}

/** Bytes of the file. @throws CliError if it cannot be read. */
async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (found.isFile()) return found.size;
  } catch (error) {
    throw new CliError(EXIT.usage, `${file} cannot be read: ${systemReason(error)}.`, { cause: error });
  }
  throw new CliError(EXIT.usage, `${file} is not a file.`);
}
