/** The commands that bring clients to the hub. What one does is loaded only when it runs. */
import { type Command, Option } from 'commander';
import type { ConnectOptions } from './connect/connect.ts';
import type { CommandHost } from './operator-commands.ts';

export function addConnectCommands(program: Command, host: CommandHost): void {
  addConnect(program, host);
  addStdio(program, host);
}

function addConnect(program: Command, host: CommandHost): void {
  const alone = ['print', 'dryRun', 'undo'];
  const one = (flag: string, name: string, description: string): Option =>
    new Option(flag, description).conflicts(alone.filter((other) => other !== name));
  program
    .command('connect')
    .argument(
      '[client...]',
      'claude-code, codex, gemini, antigravity, cursor, vscode, claude-desktop, windsurf, qwen, kiro',
    )
    .description('write the hub into the configuration of clients, each with a key of its own')
    .option('--all', 'all clients that are installed')
    .addOption(
      new Option(
        '--scope <scope>',
        'the files of the user (the default), or of the project in this folder',
      ).choices(['user', 'project']),
    )
    .option('--hooks', 'also hooks for Claude Code, which tell a session what is new on the hub')
    .addOption(one('--dry-run', 'dryRun', 'show what would change; write nothing and make no key'))
    .addOption(one('--print', 'print', 'print what to paste by hand; write nothing and make no key'))
    .addOption(one('--undo', 'undo', 'put the files back as they were, and revoke the keys'))
    .option('--yes', 'ask nothing')
    .addHelpText(
      'after',
      host.examples(
        'schub connect',
        'schub connect --all',
        'schub connect codex cursor --scope project --dry-run',
        'schub connect claude-code --hooks',
        'schub connect vscode --print',
        'schub connect --undo',
      ),
    )
    .action(async (clients: readonly string[], options: ConnectOptions) => {
      const [{ connect }, { terminalQuestion }] = await Promise.all([
        import('./connect/connect.ts'),
        import('./question.ts'),
      ]);
      const [output, ask] = [await host.loadOutput(), terminalQuestion()];
      const deps = { around: await host.around(), output, ...(ask === undefined ? {} : { ask }) };
      host.done(await connect(deps, clients, options));
    });
}

function addStdio(program: Command, host: CommandHost): void {
  program
    .command('stdio')
    .description(
      'MCP on standard input and output, for clients that only start a process; starts a hub if none runs',
    )
    .option('--agent <id>', 'who the client is on the hub; else its own name and that of the key')
    .addHelpText('after', host.examples('schub stdio', 'schub stdio --agent claude-desktop@ann'))
    .action(async ({ agent }: { agent?: string }) => {
      const { stdio } = await import('./stdio/stdio.ts');
      host.done(
        await stdio({ around: await host.around(), flags: {}, output: await host.loadOutput() }, agent),
      );
    });
}
