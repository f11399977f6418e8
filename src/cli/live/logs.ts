/** `schub logs`: what the hub wrote into its log file, and what it is writing. */
import prettyPrinter from 'pino-pretty';
import type { Config } from '../../config/config.ts';
import { dataFiles } from '../../config/paths.ts';
import { CliError, EXIT, type Output } from '../output.ts';
import { followLines, lastLines, logFiles } from './log-files.ts';

export interface LogsOptions {
  /** How many lines of before. */
  readonly lines: number;
  readonly follow: boolean;
}

export interface LogsDeps {
  readonly config: Config;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Prints the last lines, and with `follow` those that come; answers the exit code. @throws CliError if there is no log. */
export async function logs(
  { config, output, signal }: LogsDeps,
  { lines, follow }: LogsOptions,
): Promise<number> {
  const file = config.log.file ?? dataFiles.log(config.dataDir);
  if (logFiles(file).length === 0)
    throw new CliError(
      EXIT.notFound,
      `There is no log at ${file}: a hub in the foreground logs to its terminal. Set LOG_FILE and start it again.`,
    );
  const { lines: last, position } = await lastLines(file, lines);
  if (output.format === 'json' && !follow) {
    output.document({ file, entries: last.map(entryOf) });
    return EXIT.ok;
  }
  const show = shownAs(output);
  for (const line of last) if (!(await output.data(show(line)))) return EXIT.ok;
  if (!follow) return EXIT.ok;
  for await (const line of followLines(file, position, signal))
    if (!(await output.data(show(line)))) return EXIT.ok;
  return EXIT.interrupted;
}

/** A line of `LOG_FORMAT=pretty` is no JSON. */
function entryOf(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return { msg: line };
  }
}

/** For a person on a terminal or where colours are forced; else as it stands in the file. */
function shownAs({ json, terminal, paint }: Output): (line: string) => string {
  const colorize = paint('bold', 'x') !== 'x';
  if (json) return (line) => `${JSON.stringify(entryOf(line))}\n`;
  if (!terminal && !colorize) return (line) => `${line}\n`;
  const pretty = prettyPrinter.prettyFactory({ colorize, ignore: 'pid,hostname' });
  return (line) => (line.startsWith('{') ? pretty(line) : `${line}\n`);
}
