/** What a command says: data on standard output, everything else on standard error. */
import { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { UsageError } from '../config/usage-error.ts';
import type { ErrorObject } from '../errors.ts';
import { ERRORS, HubError, StartError, errorObject } from '../errors.ts';
import { tableLines } from './table.ts';

export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  permission: 4,
  unreachable: 5,
  problemsFound: 6,
  interrupted: 130,
} as const;

/** A failure of a command, said in one sentence. `answer` is the error object of the hub, if one gave it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;
  readonly answer: ErrorObject | undefined;

  constructor(exitCode: number, message: string, options: { answer?: ErrorObject; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = exitCode;
    this.answer = options.answer;
  }
}

export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Text for people, one document, or a document on each line. */
export type Format = 'text' | 'json' | 'ndjson';
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (style: Style, text: string) => string;

/** Things of a kind, as each format shows them. */
export interface Listing<T> {
  /** What they are called in the document of `--json`. */
  readonly name: string;
  readonly items: readonly T[];
  readonly headers: readonly string[];
  readonly row: (item: T) => readonly string[];
  /** What else the document says. */
  readonly more?: object;
  /** The style of a cell; that of the first column is `cyan` otherwise. */
  readonly style?: (item: T, column: number) => Style | undefined;
}

export interface Output {
  readonly format: Format;
  /** Whether what is said is a document, or several. */
  readonly json: boolean;
  /** Whether standard output is a terminal. */
  readonly terminal: boolean;
  /** Whether standard error is one. */
  readonly errTerminal: boolean;
  /** Styles text for standard output, where that shows colours (NO_COLOR, FORCE_COLOR and TERM are heeded). */
  readonly paint: Paint;
  /** As `paint`, for standard error. */
  readonly paintNote: Paint;
  /** Data as it is; resolves when more may follow. Answers whether anybody still reads it. */
  data(text: string): Promise<boolean>;
  /** A line of data. */
  line(text: string): void;
  /** The one document of `--json`; with `--ndjson` on one line. */
  document(value: unknown): void;
  /** A table, aligned for a terminal and tab-separated for a pipe, or the documents. */
  list<T>(listing: Listing<T>): void;
  /** A line for people. */
  note(text: string): void;
  /** Text on standard error as it is, for what is drawn over itself. */
  draw(text: string): void;
  /** Says what went wrong and answers the exit code. */
  failure(thrown: unknown): number;
}

export function createOutput(stdout: Sink, stderr: Sink, format: Format): Output {
  const terminal = stdout.isTTY === true;
  let isRead = true;
  const [paint, paintNote] = [painter(stdout), painter(stderr)];
  const line = (text: string): void => void stdout.write(`${text}\n`);
  const document = (value: unknown): void =>
    line(format === 'ndjson' ? JSON.stringify(value) : JSON.stringify(value, null, 2));
  return {
    format,
    json: format !== 'text',
    terminal,
    errTerminal: stderr.isTTY === true,
    ...{ paint, paintNote, line, document },
    draw: (text) => void stderr.write(text),
    async data(text) {
      if (!(stdout instanceof Writable)) return stdout.write(text) !== false;
      // A pipe that nobody reads fails each write, and is open again after it.
      isRead &&= await new Promise<boolean>((resolve) => {
        stdout.write(text, (error) => resolve(error == null));
      });
      return isRead;
    },
    list({ name, items, headers, row, more = {}, style }) {
      if (format === 'ndjson') for (const item of items) document(item);
      else if (format === 'json') document({ ...more, [name]: items });
      else for (const text of tableLines(headers, items.map(row), { terminal, paint: painted })) line(text);

      function painted(text: string, index: number, column: number): string {
        const item = items[index];
        if (item === undefined) return paint('bold', text);
        const chosen = style === undefined ? (column === 0 ? 'cyan' : undefined) : style(item, column);
        return chosen === undefined ? text : paint(chosen, text);
      }
    },
    note: (text) => void stderr.write(`${text}\n`),
    failure(thrown) {
      const text =
        format === 'text'
          ? `${paintNote('red', 'schub:')} ${sentence(thrown)}`
          : JSON.stringify(asErrorObject(thrown), null, format === 'json' ? 2 : undefined);
      stderr.write(`${text}\n`);
      return exitCodeOf(thrown);
    },
  };
}

/** Node knows what a terminal and the environment say of colours. */
function painter(sink: Sink): Paint {
  const isColored = sink instanceof Writable && styleText('red', 'x', { stream: sink }) !== 'x';
  if (!isColored) return (_style, text) => text;
  return (style, text) => (text === '' ? text : styleText(style, text, { validateStream: false }));
}

/** The exit code of a failure. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof CliError) return thrown.exitCode;
  if (thrown instanceof UsageError) return EXIT.usage;
  if (thrown instanceof HubError) return ERRORS[thrown.code].exit;
  return EXIT.failure;
}

function sentence(thrown: unknown): string {
  if (thrown instanceof CliError || thrown instanceof StartError || thrown instanceof HubError)
    return thrown.message;
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

function asErrorObject(thrown: unknown): ErrorObject {
  if (thrown instanceof CliError && thrown.answer !== undefined) return thrown.answer;
  return errorObject(asHubError(thrown), '', Date.now());
}

function asHubError(thrown: unknown): HubError {
  if (thrown instanceof HubError) return thrown;
  const message = sentence(thrown);
  const exitCode = exitCodeOf(thrown);
  if (exitCode === EXIT.usage) return new HubError('INVALID_INPUT', message);
  if (exitCode === EXIT.permission) return new HubError('PERMISSION_DENIED', message);
  if (exitCode === EXIT.unreachable) return new HubError('STORE_UNAVAILABLE', message);
  return new HubError('INTERNAL_ERROR', message);
}
