/** Structured logs on standard error, or in a file. Secrets, keys and message contents are never passed to it. */
import pino from 'pino';
import pretty from 'pino-pretty';
import { rotatingFile } from './rotating-file.ts';

export type Logger = pino.Logger;

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly format: 'pretty' | 'json';
  /** Null: standard error. */
  readonly file?: string | null;
}

/** A logger that writes to `destination` (default: the file of the options, or standard error). */
export function createLogger(
  options: LogOptions,
  destination: NodeJS.WritableStream = options.file == null ? process.stderr : rotatingFile(options.file),
): Logger {
  const base = {
    level: options.level,
    base: null,
    redact: ['*.authorization', '*["x-api-key"]', '*.key', '*.token'],
  };
  if (options.format === 'json') return pino(base, destination);
  return pino(
    base,
    pretty({
      destination,
      colorize: destination === process.stderr && process.stderr.isTTY,
      ignore: 'pid,hostname',
    }),
  );
}
