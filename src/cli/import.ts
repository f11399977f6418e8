/** `schub import`: streams old conversations to the running hub. */
import { z } from 'zod';
import type { HubClient } from './client.ts';
import { EXIT, type Output } from './output.ts';
import { openUpload, type Upload } from './uploads.ts';

const reportSchema = z.object({
  lines: z.number(),
  imported: z.number(),
  already_there: z.number(),
  sessions: z.number(),
  memory: z.number().optional(),
  failed: z.number(),
  problems: z.array(z.object({ line: z.number(), problem: z.string() })),
});

export interface ImportDeps {
  readonly client: HubClient;
  readonly output: Output;
  /** A file, or the program whose transcripts are meant. */
  readonly source: string;
  /** Files and folders of that program; none: where it keeps them. */
  readonly paths: readonly string[];
  readonly signal: AbortSignal;
}

const PROBLEMS_SHOWN = 20;

/** Answers the exit code: 0, or 1 if something could not be stored. @throws CliError */
export async function importSource({ client, output, source, paths, signal }: ImportDeps): Promise<number> {
  const upload = await openUpload(source, paths, output);
  try {
    const report = await client.read(reportSchema, '/api/v1/import', {
      stream: ReadableStream.from(upload.chunks),
      contentType: 'application/x-ndjson',
      signal,
    });
    upload.progress.end();
    say(report, upload, output);
    return report.failed > 0 ? EXIT.failure : EXIT.ok;
  } finally {
    upload.progress.end();
  }
}

function say(report: z.infer<typeof reportSchema>, { skips, originOf }: Upload, output: Output): void {
  const problems = report.problems.map(({ line, problem }) => ({ line, problem, origin: originOf(line) }));
  for (const { origin, problem } of problems.slice(0, PROBLEMS_SHOWN)) output.note(`${origin}: ${problem}`);
  const more = problems.length - PROBLEMS_SHOWN;
  if (more > 0) output.note(`… and ${more} more (all of them with --json)`);
  const skipped = skips.list();
  for (const { reason, count } of skipped) output.note(`skipped ${count}: ${reason}`);
  if (output.json) {
    output.document({ ...report, problems, ...(skipped.length > 0 ? { skipped } : {}) });
    return;
  }
  const parts = [
    `messages imported: ${report.imported}`,
    ...(report.already_there > 0 ? [`there already: ${report.already_there}`] : []),
    ...(report.memory === undefined ? [] : [`memory entries: ${report.memory}`]),
    ...(report.failed > 0 ? [`could not be stored: ${report.failed}`] : []),
    `sessions: ${report.sessions}`,
  ];
  output.line(parts.join(', '));
}
