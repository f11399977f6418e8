/** The commands that move history in and out: import, export, backup, restore. What one does is loaded only when it runs. */
import { Option, type Command } from 'commander';
import type { ExportOptions } from './export.ts';
import { localConfig } from './local-commands.ts';
import { connect, onInterrupt, type CommandHost } from './operator-commands.ts';

export function addTransferCommands(program: Command, host: CommandHost): void {
  addImport(program, host);
  addExport(program, host);
  addBackup(program, host);
  addRestore(program, host);
}

function addImport(program: Command, host: CommandHost): void {
  program
    .command('import')
    .argument(
      '<source>',
      'a file of JSON lines (may be .gz), the database of shared-context-server, claude, or codex',
    )
    .argument(
      '[paths...]',
      'of claude and codex: files and folders; none: where the program keeps its transcripts',
    )
    .description('make old conversations part of the history; what is there already is not stored again')
    .addHelpText(
      'after',
      host.examples(
        'schub import messages.jsonl.gz',
        'schub import claude',
        'schub import codex ~/.codex/sessions/2026 --json',
      ),
    )
    .action(async (source: string, paths: readonly string[]) => {
      const { importSource } = await import('./import.ts');
      host.done(await importSource({ ...(await connect(host)), source, paths, signal: onInterrupt() }));
    });
}

function addExport(program: Command, host: CommandHost): void {
  program
    .command('export')
    .argument('[session]', 'its id, session_…; none: all that your key sees')
    .description('write messages out; JSON lines can be imported again')
    .option('--query <text>', 'only what a search finds, best first')
    .addOption(
      new Option('--format <format>', 'their shape').choices(['jsonl', 'csv', 'markdown']).default('jsonl'),
    )
    .option('--out <file>', 'write to this file, which must not exist yet')
    .addHelpText(
      'after',
      host.examples(
        'schub export --out hub.jsonl',
        'schub export session_0123456789abcdef --format markdown',
        'schub export --query "login error" --format csv',
      ),
    )
    .action(async (session: string | undefined, options: ExportOptions) => {
      const { exportMessages } = await import('./export.ts');
      host.done(
        await exportMessages({ ...(await connect(host)), session, ...options, signal: onInterrupt() }),
      );
    });
}

function addBackup(program: Command, host: CommandHost): void {
  program
    .command('backup')
    .argument('[file]', 'where to; none: a new file in BACKUP_DIR')
    .description('copy the database, also while the hub works on it, and verify the copy')
    .addHelpText('after', host.examples('schub backup', 'schub backup before-the-update.db --json'))
    .action(async (file: string | undefined) => {
      const { backup } = await import('./backup.ts');
      host.done(await backup(await localConfig(host), file, await host.loadOutput()));
    });
}

function addRestore(program: Command, host: CommandHost): void {
  program
    .command('restore')
    .argument('<file>', 'a backup')
    .description('put a backup in the place of the database of a stopped hub; the old one is kept')
    .addHelpText(
      'after',
      host.examples('schub restore before-the-update.db', 'schub restore before-the-update.db --json'),
    )
    .action(async (file: string) => {
      const { restore } = await import('./backup.ts');
      host.done(await restore(await localConfig(host), file, await host.loadOutput()));
    });
}
