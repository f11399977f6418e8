/** The flags of `schub serve`, which `npm run dev` takes too. */
import { Command } from 'commander';
import { SERVE_FLAGS, settingsOf } from '../../src/cli/serve-flags.ts';
import { type Surroundings, surroundings } from '../../src/config/env.ts';
import { StartError } from '../../src/errors.ts';
import { UsageError } from '../../src/config/usage-error.ts';

export interface Given {
  /** The settings that the flags give. */
  readonly flags: ReturnType<typeof settingsOf>;
  readonly around: Surroundings;
}

/** What the command line and the surroundings say. @throws UsageError about a flag that does not exist. */
export function givenBy(args: readonly string[]): Given {
  const command = new Command('dev').exitOverride().configureOutput({ outputError: () => undefined });
  for (const { flag } of SERVE_FLAGS) command.option(flag);
  command.option('--config <file>');
  try {
    const options = command.helpOption(false).parse(args, { from: 'user' }).opts<{ config?: string }>();
    return { flags: settingsOf(options), around: surroundings(options.config) };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new UsageError(said.replace(/^error: /, '').replace('\n', ' '));
  }
}

/** Says why a command could not be done; answers the exit code. */
export function failure(error: unknown): number {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`dev: ${error.message}\n`);
  return error instanceof UsageError ? 2 : 1;
}
