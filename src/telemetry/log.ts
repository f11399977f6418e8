/** Structured logs on standard error, or in a file. Secrets, keys and message contents are never passed to it. */
import pino from 'pino';
import pretty from 'pino-pretty';
import { perTurn } from './per-turn.ts';
import { rotatingFile } from './rotating-file.ts';

export type Logger = pino.Logger;

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly format: 'pretty' | 'json';
  /** Null: standard error. */
  readonly file?: string | null;
}

/** Of what is in a line by mistake. */
const HIDDEN: ReadonlySet<string> = new Set(['authorization', 'x-api-key', 'key', 'token']);

/** A logger that writes to `destination` (default: the file of the options, or standard error). */
export function createLogger(options: LogOptions, destination?: NodeJS.WritableStream): Logger {
  const base = {
    level: options.level,
    base: null,
    // pino's own way with wildcards takes twice the time of the line itself.
    formatters: { log: hideInParts },
    serializers: { err: (error: Error) => hide(pino.stdSerializers.err(error)) },
  };
  const stream = destination ?? (options.file == null ? process.stderr : rotatingFile(options.file));
  if (options.format === 'json') return pino(base, destination ?? perTurn(stream));
  return pino(
    base,
    pretty({
      destination: stream,
      colorize: stream === process.stderr && process.stderr.isTTY,
      ignore: 'pid,hostname',
    }),
  );
}

/** Lines are flat but for what was put into them as it came. */
function hideInParts(line: Record<string, unknown>): Record<string, unknown> {
  let hidden: Record<string, unknown> | undefined;
  for (const [name, part] of Object.entries(line)) {
    if (typeof part !== 'object' || part === null || part instanceof Error || Array.isArray(part)) continue;
    hidden ??= { ...line };
    hidden[name] = hide(part);
  }
  return hidden ?? line;
}

function hide(part: object): object {
  if (!Object.keys(part).some((name) => HIDDEN.has(name))) return part;
  return Object.fromEntries(
    Object.entries(part).map(([name, value]) => [name, HIDDEN.has(name) ? '[Redacted]' : value]),
  );
}
