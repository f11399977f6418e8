/** Structured logs on standard error. Secrets, keys and message contents are never passed to it. */
import pino from 'pino';
import pretty from 'pino-pretty';

export type Logger = pino.Logger;

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly format: 'pretty' | 'json';
}

/** A logger that writes to `destination` (default: standard error). */
export function createLogger(
  options: LogOptions,
  destination: NodeJS.WritableStream = process.stderr,
): Logger {
  const base = {
    level: options.level,
    base: null,
    redact: ['*.authorization', '*["x-api-key"]', '*.key', '*.token'],
  };
  if (options.format === 'json') return pino(base, destination);
  return pino(base, pretty({ destination, colorize: process.stderr.isTTY, ignore: 'pid,hostname' }));
}
