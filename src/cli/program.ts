/** The commands of `schub`. What a command does is loaded only when it runs, so that help and version are quick. */
import { Command, CommanderError, Option } from 'commander';
import { packageInfo } from '../config/package.ts';
import { addConnectCommands } from './connect-commands.ts';
import { addContentCommands } from './content-commands.ts';
import { addLiveCommands } from './live-commands.ts';
import { addLocalCommands, localConfig } from './local-commands.ts';
import { addOperatorCommands, type CommandHost } from './operator-commands.ts';
import type { Format, Output, Sink } from './output.ts';
import type { ServeDeps } from './serve.ts';
import { SERVE_FLAGS, settingsOf } from './serve-flags.ts';
import { addTransferCommands } from './transfer-commands.ts';

export interface CliIo {
  readonly stdout: Sink;
  readonly stderr: Sink;
}

/** As in `EXIT`, which is loaded only where something is said. */
const USAGE = 2;
const FORMATS = ['ndjson', 'json'] as const satisfies readonly Format[];
const CONFIG = '--config';
const BARE_FLAGS: readonly string[] = ['-h', '--help', '-V', '--version'];

/** Runs a command line (without node and script) and answers the exit code. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const format = formatOf(argv);
  const loadOutput = async (): Promise<Output> => {
    const { createOutput } = await import('./output.ts');
    return createOutput(io.stdout, io.stderr, format);
  };
  let code = 0;
  const program = createProgram(io, loadOutput, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(withCommand(argv), { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // A group of commands without one of them: its help has been printed.
    if (error instanceof CommanderError && error.code === 'commander.help') return USAGE;
    const output = await loadOutput();
    return output.failure(error instanceof CommanderError ? await usageError(error) : error);
  }
}

/** Known before the rest is understood, as mistakes are said in it, too. */
function formatOf(argv: readonly string[]): Format {
  return FORMATS.find((format) => argv.includes(`--${format}`)) ?? 'text';
}

/** `npx shared-context-hub` is `schub up`, with its flags too. */
function withCommand(argv: readonly string[]): readonly string[] {
  const first = argv[globalFlags(argv)];
  const named = first !== undefined && (!first.startsWith('-') || BARE_FLAGS.includes(first));
  return named ? argv : ['up', ...argv];
}

/** How many arguments at the beginning are flags that every command has. */
function globalFlags(argv: readonly string[]): number {
  let count = 0;
  while (FORMATS.some((format) => argv[count] === `--${format}`) || argv[count]?.startsWith(CONFIG) === true)
    count += argv[count] === CONFIG ? 2 : 1;
  return count;
}

/** The commands; `done` gets the exit code of the one that has run. */
export function createProgram(
  io: CliIo,
  loadOutput: () => Promise<Output>,
  done: (code: number) => void,
): Command {
  const program = new Command('schub')
    .description('One hub where many coding agents share sessions, messages and memory.')
    .version(packageInfo().version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('--json', 'print results and errors as one JSON document')
    .option('--config <file>', 'the hub.config.yaml, if not the one beside .env')
    .option('--ndjson', 'print what is listed as a JSON document on each line')
    .addHelpText('after', examples('schub up', 'schub connect --all', 'schub demo', 'schub keys --help'))
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: () => undefined,
    });

  const around: CommandHost['around'] = async () => {
    const { surroundings } = await import('../config/env.ts');
    return surroundings(program.opts<{ config?: string }>().config);
  };
  const host: CommandHost = { loadOutput, around, done, examples };
  const serveDeps = async (options: Readonly<Record<string, unknown>>): Promise<ServeDeps> => {
    const loadHub: ServeDeps['loadHub'] = async () => (await import('../hub.ts')).createHub;
    return { around: await around(), flags: settingsOf(options), output: await loadOutput(), loadHub };
  };

  withServeFlags(program.command('serve'))
    .description('run the hub in the foreground')
    .addHelpText('after', examples('schub serve', 'schub serve --port 0', 'schub serve --log-level debug'))
    .addOption(new Option('--background').hideHelp())
    .action(async (options: Readonly<Record<string, unknown>>) => {
      const { serveOrBridge } = await import('./transport.ts');
      const { background } = options;
      done(await serveOrBridge('serve', { ...(await serveDeps(options)), background: background === true }));
    });

  withServeFlags(program.command('up'))
    .description('run the hub, or print its address if it runs already')
    .addHelpText('after', examples('schub up', 'schub up --port 8080', 'schub up --config hub.config.yaml'))
    .action(async (options: Readonly<Record<string, unknown>>) => {
      const { serveOrBridge } = await import('./transport.ts');
      done(await serveOrBridge('up', await serveDeps(options)));
    });

  program
    .command('migrate')
    .description("bring the database of a stopped hub to this version's schema")
    .addHelpText('after', examples('schub migrate', 'DATABASE_PATH=copy-of-hub.db schub migrate'))
    .action(async () => {
      const { migrateStore } = await import('./migrate.ts');
      done(await migrateStore(await localConfig(host), await loadOutput()));
    });

  program
    .command('hook')
    .description('hooks of clients, which tell a model what happened on the hub')
    .command('claude')
    .description('a hook of Claude Code: reads its event from standard input; silent if there is nothing')
    .option('--refuse', 'deny edits of files under the lease of another agent, in place of a warning')
    .option('--agent <id>', 'the agent to act as, if not that of the configured connection')
    .option('--within <ms>', 'how long it may take; then it is silent', '250')
    .addHelpText('after', examples('schub hook claude', 'schub hook claude --refuse'))
    .action(
      async ({ refuse = false, agent, within }: { refuse?: boolean; agent?: string; within: string }) => {
        const { runClaudeHook } = await import('./hook/claude.ts');
        await runClaudeHook({ refuse, agent, within }, process);
      },
    );

  addConnectCommands(program, host);
  addTransferCommands(program, host);
  addOperatorCommands(program, host);
  addContentCommands(program, host);
  addLiveCommands(program, host);
  addLocalCommands(program, host);
  return program;
}

function withServeFlags(command: Command): Command {
  for (const { flag, description } of SERVE_FLAGS) command.option(flag, description);
  return command;
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

/** Commander's words as one line: `error: unknown command 'x'\n(Did you mean y?)`. */
async function usageError(error: CommanderError): Promise<Error> {
  const { UsageError } = await import('../config/usage-error.ts');
  const said = error.message.replace(/^error: /, '').replace(/\n\((.*)\)$/, '. $1');
  return new UsageError(/[.?]$/.test(said) ? said : `${said}.`);
}
