/** What `schub import` sends: a file of JSON lines as it is, or lines made of transcripts or of another program's database. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { systemReason } from '../lib/system-error.ts';
import { CliError, EXIT, type Output } from './output.ts';
import { startProgress, type Progress } from './progress.ts';
import { claudeRecords } from './transcripts/claude.ts';
import { codexRecords } from './transcripts/codex.ts';
import { findFiles, linesOf, type TranscriptFile } from './transcripts/files.ts';
import { createSkips, type Skips, type TranscriptRecord } from './transcripts/records.ts';
import { countRows, isSqlite, serverRecords } from './transcripts/shared-context-server.ts';

/** Read while it is sent, and no faster. */
export interface Upload {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly progress: Progress;
  readonly skips: Skips;
  /** Where a line of what is sent comes from. */
  readonly originOf: (line: number) => string;
}

interface Program {
  /** Where it keeps its transcripts. */
  readonly folder: readonly string[];
  readonly fits: (name: string) => boolean;
  readonly records: typeof claudeRecords;
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  claude: {
    folder: ['.claude', 'projects'],
    fits: (name) => name.endsWith('.jsonl'),
    records: claudeRecords,
  },
  codex: {
    folder: ['.codex', 'sessions'],
    fits: (name) => /^rollout-.*\.(jsonl|json|jsonl\.zst)$/.test(name),
    records: codexRecords,
  },
};

const CHUNK_CHARS = 64 * 1024;

/** `source`: a file, or the program whose transcripts are meant. @throws CliError if something cannot be read */
export async function openUpload(source: string, paths: readonly string[], output: Output): Promise<Upload> {
  const program = Object.hasOwn(PROGRAMS, source) ? PROGRAMS[source] : undefined;
  if (program !== undefined) return ofTranscripts(program, paths, output);
  if (paths.length > 0)
    throw new CliError(
      EXIT.usage,
      `Import one file at a time, or the transcripts of ${Object.keys(PROGRAMS).join(' or ')}.`,
    );
  const size = await sizeOf(source);
  return size > 0 && isSqlite(source) ? ofDatabase(source, output) : ofLines(source, size, output);
}

async function ofTranscripts(program: Program, paths: readonly string[], output: Output): Promise<Upload> {
  const from = paths.length > 0 ? paths : [path.join(homedir(), ...program.folder)];
  const files = await findFiles(from, program.fits);
  const progress = startProgress(
    files.reduce((sum, { size }) => sum + size, 0),
    output,
  );
  const skips = createSkips();
  const begins: { readonly file: string; readonly line: number }[] = [];
  const begin = (file: string, line: number): void => {
    begins.push({ file, line });
  };
  return {
    chunks: chunksOf(transcriptLines(program, files, { skips, progress, begin })),
    ...{ progress, skips },
    originOf(line) {
      const origin = begins.findLast((one) => one.line <= line);
      return origin === undefined ? `line ${line}` : `${origin.file}, message ${line - origin.line + 1}`;
    },
  };
}

async function* transcriptLines(
  { records }: Program,
  files: readonly TranscriptFile[],
  {
    skips,
    progress,
    begin,
  }: Pick<Upload, 'skips' | 'progress'> & { readonly begin: (file: string, line: number) => void },
): AsyncGenerator<TranscriptRecord> {
  let line = 1;
  for (const file of files) {
    const before = line;
    begin(file.path, line);
    const lines = linesOf(file.path, (bytes) => progress.advance(bytes));
    for await (const record of records(file.path, lines, skips)) {
      line++;
      yield record;
    }
    if (line === before) skips.add('files without a message');
  }
}

function ofDatabase(file: string, output: Output): Upload {
  const progress = startProgress(countRows(file), output, 'positions');
  const skips = createSkips();
  const records = serverRecords(file, skips, (rows) => progress.advance(rows));
  return { chunks: chunksOf(records), progress, skips, originOf: (line) => `record ${line}` };
}

function ofLines(file: string, size: number, output: Output): Upload {
  const progress = startProgress(size, output);
  const source = createReadStream(file);
  source.on('data', (chunk) => progress.advance(chunk.length));
  const text = file.endsWith('.gz') ? source.pipe(createGunzip()) : source;
  source.on('error', (error) => text.destroy(error));
  return { chunks: text, progress, skips: createSkips(), originOf: (line) => `line ${line}` };
}

async function* chunksOf(
  records: AsyncIterable<TranscriptRecord> | Iterable<TranscriptRecord>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = '';
  for await (const record of records) {
    text += `${JSON.stringify(record)}\n`;
    if (text.length < CHUNK_CHARS) continue;
    yield encoder.encode(text);
    text = '';
  }
  if (text !== '') yield encoder.encode(text);
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
