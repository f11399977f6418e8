/** Spans of time on the command line. */
import { CliError, EXIT } from './output.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

const WITH_OFFSET = /T.*(Z|[+-]\d\d:?\d\d)$/i;

/** The seconds of `30m`, `12h`, `90d`; `0` needs no unit. Undefined: it is no such text. */
export function spanOf(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(text === '0' ? '0s' : text) ?? [];
  const seconds = SECONDS[unit];
  return count === undefined || seconds === undefined ? undefined : Number(count) * seconds;
}

/** As {@link spanOf}, of a flag. @throws CliError */
export function secondsOf(flag: string, text: string): number {
  const seconds = spanOf(text);
  if (seconds !== undefined) return seconds;
  throw new CliError(
    EXIT.usage,
    `${flag} is ${JSON.stringify(text)}; expected minutes, hours or days, as in 30m, 12h, 90d.`,
  );
}

/**
 * Milliseconds since the epoch, of a span before `now` or of a time.
 * @throws CliError
 */
export function timeOf(flag: string, text: string, now: number): number {
  const span = spanOf(text);
  if (span !== undefined) return now - span * 1000;
  const time = WITH_OFFSET.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new CliError(
    EXIT.usage,
    `${flag} is ${JSON.stringify(text)}; expected a span as 30m, 12h, 7d, or ISO 8601 with offset or Z.`,
  );
}
