/** What a command says: data on standard output, everything else on standard error. */
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { UsageError } from '../config/usage-error.ts';
import type { ErrorObject } from '../errors.ts';
import { ERRORS, HubError, StartError, errorObject } from '../errors.ts';

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

export interface Output {
  readonly json: boolean;
  /** Whether standard output is a terminal. */
  readonly terminal: boolean;
  /** Whether standard error is one. */
  readonly errTerminal: boolean;
  /** Data as it is; resolves when more may follow. Answers whether anybody still reads it. */
  data(text: string): Promise<boolean>;
  /** A line of data. */
  line(text: string): void;
  /** The one document of `--json`. */
  document(value: unknown): void;
  /** A line for people. */
  note(text: string): void;
  /** Text on standard error as it is, for what is drawn over itself. */
  draw(text: string): void;
  /** Says what went wrong and answers the exit code. */
  failure(thrown: unknown): number;
}

export function createOutput(stdout: Sink, stderr: Sink, json: boolean): Output {
  return {
    json,
    terminal: stdout.isTTY === true,
    errTerminal: stderr.isTTY === true,
    draw: (text) => void stderr.write(text),
    async data(text) {
      if (!(stdout instanceof Writable)) return stdout.write(text) !== false;
      if (stdout.destroyed) return false;
      if (!stdout.write(text)) await once(stdout, 'drain').catch(() => undefined);
      return !stdout.destroyed;
    },
    line: (text) => void stdout.write(`${text}\n`),
    document: (value) => void stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    failure(thrown) {
      const text = json ? JSON.stringify(asErrorObject(thrown), null, 2) : `schub: ${sentence(thrown)}`;
      stderr.write(`${text}\n`);
      return exitCodeOf(thrown);
    },
  };
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
