/** The commands that look at this machine: its hub, settings and files. What one does is loaded only when it runs. */
import { Argument, type Command } from 'commander';
import type { Config } from '../config/config.ts';
import type { CommandHost } from './operator-commands.ts';

export function addLocalCommands(program: Command, host: CommandHost): void {
  addStatus(program, host);
  addDoctor(program, host);
  addConfig(program, host);
  addCompletion(program, host);
}

/** What this process was started in, and its settings, which are read when they are asked for. */
export async function load(host: CommandHost) {
  const [{ configWithOrigins }, { configSources, dotenvFile, settingsFile }] = await Promise.all([
    import('../config/config.ts'),
    import('../config/env.ts'),
  ]);
  const around = await host.around();
  const sources = configSources(around);
  return {
    around,
    sources,
    dotenv: dotenvFile(around),
    settings: settingsFile(around),
    loaded: () => configWithOrigins(sources),
  };
}

/** The settings in force. @throws StartError */
export async function localConfig(host: CommandHost): Promise<Config> {
  return (await load(host)).loaded().config;
}

function addStatus(program: Command, host: CommandHost): void {
  const { loadOutput, done, examples } = host;
  program
    .command('status')
    .description('whether the hub runs, where, and how it does')
    .addHelpText('after', examples('schub status', 'schub status --json'))
    .action(async () => {
      const { status } = await import('./status.ts');
      done(await status((await load(host)).loaded(), await loadOutput()));
    });
}

function addDoctor(program: Command, host: CommandHost): void {
  const { loadOutput, done, examples } = host;
  program
    .command('doctor')
    .description('look at everything the hub needs, and say how to mend what is wrong')
    .addHelpText('after', examples('schub doctor', 'schub doctor --json'))
    .action(async () => {
      const { doctor } = await import('./doctor/doctor.ts');
      const { around, sources } = await load(host);
      const { version } = around.package;
      const { typedLine } = await import('../features/connect/own-command.ts');
      const schub = typedLine(around, []);
      done(await doctor({ sources, version, schub, now: Date.now, output: await loadOutput() }));
    });
}

function addConfig(program: Command, host: CommandHost): void {
  const { loadOutput, done, examples } = host;
  const config = program.command('config').description('settings, and the files of the hub');
  config
    .command('list')
    .description('the settings in force, secrets masked')
    .option('--show-origin', 'also where each comes from')
    .addHelpText('after', examples('schub config list', 'schub config list --show-origin'))
    .action(async ({ showOrigin = false }: { showOrigin?: boolean }) => {
      const { listConfig } = await import('./config.ts');
      done(await listConfig((await load(host)).loaded(), await loadOutput(), showOrigin));
    });
  config
    .command('path')
    .description('where the hub keeps its files')
    .addHelpText('after', examples('schub config path', 'schub config path --json'))
    .action(async () => {
      const { showPaths } = await import('./config.ts');
      const { loaded, dotenv, settings } = await load(host);
      done(showPaths(loaded(), { env: dotenv, settings }, await loadOutput()));
    });
}

function addCompletion(program: Command, { loadOutput, done, examples }: CommandHost): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'whose script to print').choices(['bash', 'zsh', 'fish']))
    .description('print a script that completes commands in a shell')
    .addHelpText('after', examples('schub completion bash', 'schub completion fish'))
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionScript } = await import('./completion.ts');
      (await loadOutput()).line(completionScript(program, shell).trimEnd());
      done(0);
    });
}
