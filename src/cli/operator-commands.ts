/** The commands that speak to a running hub. What one does is loaded only when it runs. */
import { InvalidArgumentError, type Command } from 'commander';
import type { Surroundings } from '../config/env.ts';
import type { AuditFilter } from './audit.ts';
import type { HubClient } from './client.ts';
import type { LeaseFilter } from './leases.ts';
import type { Output } from './output.ts';

export interface CommandHost {
  readonly loadOutput: () => Promise<Output>;
  /** What the process was started in. */
  readonly around: () => Promise<Surroundings>;
  /** Takes the exit code. */
  readonly done: (code: number) => void;
  readonly examples: (...lines: readonly string[]) => string;
}

type Options = Readonly<Record<string, string | undefined>>;

/** How many rows a listing prints at most. */
export const MAX_LISTED = 10_000;

export function addOperatorCommands(program: Command, host: CommandHost): void {
  addKeys(program, host);
  addAgents(program, host);
  addLeases(program, host);
  addAudit(program, host);
  addReindex(program, host);
  addProfile(program, host);
  addLogin(program, host);
}

/** The hub to speak to, and where to say what it answers. @throws CliError */
export async function connect({
  loadOutput,
  around,
}: CommandHost): Promise<{ client: HubClient; output: Output }> {
  const [{ hubClient }, { configWithOrigins }, { configSources }] = await Promise.all([
    import('./client.ts'),
    import('../config/config.ts'),
    import('../config/env.ts'),
  ]);
  const client = await hubClient(configWithOrigins(configSources(await around())));
  return { client, output: await loadOutput() };
}

/** Aborts at Ctrl-C. */
export function onInterrupt(): AbortSignal {
  const interrupted = new AbortController();
  process.once('SIGINT', () => {
    interrupted.abort();
  });
  return interrupted.signal;
}

function addKeys(program: Command, host: CommandHost): void {
  const keys = program.command('keys').description('API keys: one key is one trust domain');
  keys
    .command('create')
    .argument('<name>', 'letters, digits and . _ - @')
    .description('make a key; its text is printed once')
    .option('--workspace <name>', 'what it sees; * is all (needs admin)', 'default')
    .option('--permissions <list>', 'read, write, admin, separated by commas', 'read,write')
    .option('--agent <id>', 'the one agent it acts as')
    .option('--agents <list>', 'the agents it may act as, separated by commas')
    .option('--types <list>', 'the agent types it may act as, separated by commas')
    .option('--expires <time>', 'as 30m, 12h, 90d')
    .addHelpText(
      'after',
      host.examples('schub keys create reviewer', 'schub keys create ops --permissions read,write,admin'),
    )
    .action(async (name: string, options: Options) => {
      const { createKey } = await import('./keys.ts');
      host.done(await createKey(await connect(host), name, options));
    });
  keys
    .command('list')
    .description('the keys, without their texts')
    .addHelpText('after', host.examples('schub keys list', 'schub keys list --json'))
    .action(async () => {
      const { listKeys } = await import('./keys.ts');
      host.done(await listKeys(await connect(host)));
    });
  keys
    .command('rotate')
    .argument('<key>', 'its name or id, as keys list shows them')
    .description('give a key a new text, printed once; agents and connections stay its own')
    .option('--overlap <time>', 'how long the old text stays valid, as 30m, 12h, 7d; 0: not at all', '24h')
    .addHelpText('after', host.examples('schub keys rotate ci', 'schub keys rotate ci --overlap 0'))
    .action(async (key: string, { overlap }: Options) => {
      const { rotateKey } = await import('./keys.ts');
      host.done(await rotateKey(await connect(host), key, overlap));
    });
  keys
    .command('revoke')
    .argument('<key>', 'its name or id, as keys list shows them')
    .description('end a key at once')
    .addHelpText(
      'after',
      host.examples('schub keys revoke old-laptop', 'schub keys revoke old-laptop --json'),
    )
    .action(async (key: string) => {
      const { revokeKey } = await import('./keys.ts');
      host.done(await revokeKey(await connect(host), key));
    });
}

function addAgents(program: Command, host: CommandHost): void {
  const agents = program.command('agents').description('agent ids, and which keys own them');
  const workspace = ['--workspace <name>', 'another workspace than that of the key you use'] as const;
  agents
    .command('list')
    .description('the agents of a workspace, by id')
    .option(...workspace)
    .addHelpText('after', host.examples('schub agents list', 'schub agents list --json'))
    .action(async (options: Options) => {
      const { listAgents } = await import('./agents.ts');
      host.done(await listAgents(await connect(host), options['workspace']));
    });
  agents
    .command('release')
    .argument('<agent>', 'its id')
    .description('let the next key that uses the id own it')
    .option(...workspace)
    .addHelpText(
      'after',
      host.examples('schub agents release reviewer', 'schub agents release reviewer --workspace default'),
    )
    .action(async (agent: string, options: Options) => {
      const { releaseAgent } = await import('./agents.ts');
      host.done(await releaseAgent(await connect(host), agent, options['workspace']));
    });
  agents
    .command('transfer')
    .argument('<agent>', 'its id')
    .argument('<key>', 'name or id of the key that shall own it')
    .description('give the id to another key of its workspace')
    .option(...workspace)
    .addHelpText(
      'after',
      host.examples(
        'schub agents transfer planner team-b',
        'schub agents transfer planner team-b --workspace default',
      ),
    )
    .action(async (agent: string, key: string, options: Options) => {
      const { transferAgent } = await import('./agents.ts');
      host.done(await transferAgent(await connect(host), { agent, key, workspace: options['workspace'] }));
    });
}

function addLeases(program: Command, host: CommandHost): void {
  const leases = program.command('leases').description('what agents have reserved');
  leases
    .command('list')
    .description('who holds what, oldest grant first')
    .option('--session <id>', 'only those labelled with this session')
    .option('--resource <name>', 'only those that meet this name, path or glob')
    .addHelpText('after', host.examples('schub leases list', 'schub leases list --resource src/a.ts --json'))
    .action(async (filter: LeaseFilter) => {
      const { listLeases } = await import('./leases.ts');
      host.done(await listLeases(await connect(host), filter));
    });
  leases
    .command('release')
    .argument('<lease>', 'its id, lease_…')
    .description('take a lease away from its holder, who gets a message')
    .addHelpText(
      'after',
      host.examples(
        'schub leases release lease_0123456789abcdef',
        'schub leases release lease_0123456789abcdef --json',
      ),
    )
    .action(async (lease: string) => {
      const { releaseLease } = await import('./leases.ts');
      host.done(await releaseLease(await connect(host), lease));
    });
}

function addAudit(program: Command, host: CommandHost): void {
  program
    .command('audit')
    .description('who did what')
    .command('list')
    .description('what was done or refused, newest first')
    .option('--agent <id>', 'only what this agent did')
    .option('--type <event>', 'only events of this type, as access.refused')
    .option('--session <id>', 'only what concerns this session')
    .option('--since <time>', 'ISO 8601 with offset or Z')
    .option('--until <time>', 'ISO 8601 with offset or Z')
    .option('--limit <count>', 'how many at most', countUpTo(MAX_LISTED), 50)
    .addHelpText(
      'after',
      host.examples('schub audit list --type access.refused', 'schub audit list --agent reviewer --json'),
    )
    .action(async (filter: AuditFilter) => {
      const { listAudit } = await import('./audit.ts');
      host.done(await listAudit(await connect(host), filter));
    });
}

function addReindex(program: Command, host: CommandHost): void {
  program
    .command('reindex')
    .description('make the search index anew, while the hub goes on working')
    .addHelpText('after', host.examples('schub reindex', 'schub reindex --json'))
    .action(async () => {
      const { reindex } = await import('./reindex.ts');
      host.done(await reindex({ ...(await connect(host)), signal: onInterrupt() }));
    });
}

function addProfile(program: Command, host: CommandHost): void {
  program
    .command('profile')
    .description('write down what the processor time of the running hub goes to')
    .option('--seconds <seconds>', 'how long to watch it, up to 60', Number, 10)
    .option('--out <file>', 'the file to write, which must not exist yet; ends in .cpuprofile')
    .addHelpText(
      'after',
      host.examples('schub profile --seconds 1', 'schub profile --seconds 1 --out hub.cpuprofile'),
    )
    .action(async ({ seconds, out }: { seconds: number; out?: string }) => {
      const { takeProfile } = await import('./profile.ts');
      host.done(await takeProfile({ ...(await connect(host)), seconds, out, signal: onInterrupt() }));
    });
}

function addLogin(program: Command, host: CommandHost): void {
  program
    .command('login')
    .description('print an address that opens the dashboard, good once and for ten minutes')
    .addHelpText('after', host.examples('schub login', 'schub login --json'))
    .action(async () => {
      const { login } = await import('./login.ts');
      host.done(await login(await connect(host)));
    });
}

/** Reads an option's number. */
export function countUpTo(max: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (Number.isInteger(count) && count >= 1 && count <= max) return count;
    throw new InvalidArgumentError(`Expected a number from 1 to ${max}.`);
  };
}
