/** The commands that show a hub at work: demo, torture, tail, logs. What one does is loaded only when it runs. */
import type { Command } from 'commander';
import { listOf } from './content-commands.ts';
import { load } from './local-commands.ts';
import { connect, countUpTo, MAX_LISTED, onInterrupt, type CommandHost } from './operator-commands.ts';

export function addLiveCommands(program: Command, host: CommandHost): void {
  addDemo(program, host);
  addTorture(program, host);
  addTail(program, host);
  addLogs(program, host);
}

function addDemo(program: Command, host: CommandHost): void {
  const { loadOutput, done, examples } = host;
  program
    .command('demo')
    .description('watch two agents work together over the hub; no model is needed')
    .option('--scratch', 'start a hub for it that is gone afterwards, in place of the one that runs')
    .addHelpText('after', examples('schub demo', 'schub demo --scratch', 'schub demo --json'))
    .action(async ({ scratch = false }: { scratch?: boolean }) => {
      const signal = onInterrupt();
      const { demo } = await import('./demo/demo.ts');
      const { around, loaded } = await load(host);
      const hub = scratch ? { loadHub: async () => (await import('../hub.ts')).createHub } : {};
      const { version } = around.package;
      const { typedLine } = await import('../features/connect/own-command.ts');
      const lineOf = (args: readonly string[]): string => typedLine(around, args);
      done(await demo({ loaded: loaded(), output: await loadOutput(), version, signal, lineOf, ...hub }));
    });
}

function addTorture(program: Command, host: CommandHost): void {
  const { loadOutput, done, examples } = host;
  program
    .command('torture')
    .description(
      'kill a hub of its own under load, again and again, and prove that nothing acknowledged is lost',
    )
    .option('--kills <count>', 'how often', countUpTo(MAX_KILLS), 20)
    .option('--seconds <count>', 'no further kill after so many', countUpTo(MAX_SECONDS), 600)
    .option('--writers <count>', 'how many write at once', countUpTo(MAX_WRITERS), 16)
    .option('--seed <number>', 'repeat the moments of an earlier run', countUpTo(MAX_SEED))
    .option('--keep', 'keep its folder, in place of removing it')
    .addHelpText(
      'after',
      examples(
        'schub torture',
        'schub torture --kills 3 --writers 4 --json',
        'schub torture --seconds 5 --seed 7',
      ),
    )
    .action(async ({ seed = 1 + (Date.now() % MAX_SEED), keep = false, ...options }: TortureFlags) => {
      const signal = onInterrupt();
      const { torture } = await import('./torture/torture.ts');
      const deps = { around: await host.around(), output: await loadOutput(), signal };
      done(await torture(deps, { ...options, seed, keep }));
    });
}

const MAX_KILLS = 100_000;
const MAX_SECONDS = 1_000_000;
const MAX_WRITERS = 256;
const MAX_SEED = 1_000_000;

interface TortureFlags {
  readonly kills: number;
  readonly seconds: number;
  readonly writers: number;
  readonly seed?: number;
  readonly keep?: boolean;
}

function addTail(program: Command, host: CommandHost): void {
  program
    .command('tail')
    .argument('[session]', 'its id, session_…; none: all that your key sees')
    .description('print messages as they come, until Ctrl-C; goes on where it was when the hub comes back')
    .option('--since <time>', 'first what came since: a span as 30m, 12h, 7d, or ISO 8601 with offset or Z')
    .option('--sender <list>', 'only of these senders, separated by commas')
    .option('--type <list>', 'only of these types, as decision,question')
    .addHelpText(
      'after',
      host.examples(
        'schub tail',
        'schub tail session_0123456789abcdef --since 1h',
        'schub tail --type decision,question --ndjson',
      ),
    )
    .action(async (session: string | undefined, options: TailOptions) => {
      const signal = onInterrupt();
      const [{ tail }, { timeOf }] = await Promise.all([import('./live/tail.ts'), import('./duration.ts')]);
      const { since, sender = '', type = '' } = options;
      host.done(
        await tail(
          {
            connect: async () => (await connect(host)).client,
            output: await host.loadOutput(),
            signal,
          },
          {
            session,
            ...{ senders: listOf(sender), types: listOf(type) },
            ...(since === undefined ? {} : { since: timeOf('--since', since, Date.now()) }),
          },
        ),
      );
    });
}

interface TailOptions {
  readonly since?: string;
  readonly sender?: string;
  readonly type?: string;
}

function addLogs(program: Command, host: CommandHost): void {
  program
    .command('logs')
    .description('the log file of the hub: LOG_FILE, or that of a hub which schub stdio started')
    .option('-n, --lines <count>', 'how many lines of before', countFrom0, 50)
    .option('-f, --follow', 'go on with what is written, until Ctrl-C')
    .addHelpText('after', host.examples('schub logs', 'schub logs -n 200 --json', 'schub logs -f'))
    .action(async ({ lines, follow = false }: { lines: number; follow?: boolean }) => {
      const signal = onInterrupt();
      const { logs } = await import('./live/logs.ts');
      const { config } = (await load(host)).loaded();
      host.done(await logs({ config, output: await host.loadOutput(), signal }, { lines, follow }));
    });
}

function countFrom0(text: string): number {
  return text === '0' ? 0 : countUpTo(MAX_LISTED)(text);
}
