/** The commands that read and write what agents share. What one does is loaded only when it runs. */
import type { Command } from 'commander';
import { connect, countUpTo, MAX_LISTED, type CommandHost } from './operator-commands.ts';
import type { SearchFilter } from './search.ts';

const MAX_SHOWN = 200;

interface Where {
  readonly session?: string;
  readonly scope: string;
}

export function addContentCommands(program: Command, host: CommandHost): void {
  addSessions(program, host);
  addMessages(program, host);
  addMemory(program, host);
  addSearch(program, host);
}

function addSessions(program: Command, host: CommandHost): void {
  const sessions = program.command('sessions').description('what agents work on');
  sessions
    .command('list')
    .description('the sessions, latest activity first')
    .option('--query <text>', 'only those whose purpose contains this')
    .option('--limit <count>', 'how many at most', countUpTo(MAX_LISTED), 20)
    .addHelpText('after', host.examples('schub sessions list', 'schub sessions list --query login --json'))
    .action(async ({ query, limit }: { query?: string; limit: number }) => {
      const { listSessions } = await import('./sessions.ts');
      const filter = { limit, ...(query === undefined ? {} : { query }) };
      host.done(await listSessions(await connect(host), filter));
    });
  sessions
    .command('close')
    .argument('<session>', 'its id, session_…')
    .description('let no new messages in')
    .addHelpText(
      'after',
      host.examples(
        'schub sessions close session_0123456789abcdef',
        'schub sessions close session_0123456789abcdef --json',
      ),
    )
    .action(async (session: string) => {
      const { closeSession } = await import('./sessions.ts');
      host.done(await closeSession(await connect(host), session));
    });
  sessions
    .command('show')
    .argument('<session>', 'its id, session_…')
    .description('a session and its newest messages')
    .option('--limit <count>', 'how many messages', countUpTo(MAX_SHOWN), 50)
    .addHelpText(
      'after',
      host.examples(
        'schub sessions show session_0123456789abcdef',
        'schub sessions show session_0123456789abcdef --limit 100 --json',
      ),
    )
    .action(async (session: string, { limit }: { limit: number }) => {
      const { showSession } = await import('./sessions.ts');
      host.done(await showSession(await connect(host), session, limit));
    });
}

function addMessages(program: Command, host: CommandHost): void {
  const messages = program.command('messages').description('what is said in sessions');
  messages
    .command('list')
    .argument('<session>', 'its id, session_…')
    .description('the newest messages of a session, oldest of them first')
    .option('--after <id>', 'those after this message instead', countUpTo(Number.MAX_SAFE_INTEGER))
    .option('--limit <count>', 'how many at most', countUpTo(MAX_LISTED), 50)
    .addHelpText(
      'after',
      host.examples(
        'schub messages list session_0123456789abcdef --limit 100',
        'schub messages list session_0123456789abcdef --after 120 --ndjson',
      ),
    )
    .action(async (session: string, options: { after?: number; limit: number }) => {
      const { listMessages } = await import('./messages.ts');
      host.done(await listMessages(await connect(host), { session, ...options }));
    });
  messages
    .command('send')
    .argument('<session>', 'its id, session_…')
    .argument('<content>', 'the text; - reads it from standard input')
    .description('post a message, and print its id')
    .option('--to <list>', 'agent ids, and type:T for all of a type, separated by commas')
    .option('--type <type>', 'message, question, answer, decision, finding, handoff or status')
    .option('--visibility <visibility>', 'public, private, agent_only or admin_only')
    .option('--reply-to <id>', 'the message that this one answers', countUpTo(Number.MAX_SAFE_INTEGER))
    .addHelpText(
      'after',
      host.examples(
        'schub messages send session_0123456789abcdef "Please rebase first." --to claude-code',
        'git diff | schub messages send session_0123456789abcdef -',
      ),
    )
    .action(async (session: string, content: string, options: SendOptions) => {
      const { sendMessage } = await import('./messages.ts');
      const { to, ...rest } = options;
      host.done(await sendMessage(await connect(host), { session, content, to: listOf(to), ...rest }));
    });
}

interface SendOptions {
  readonly to?: string;
  readonly type?: string;
  readonly visibility?: string;
  readonly replyTo?: number;
}

/** Parts between commas. */
export function listOf(text = ''): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function addMemory(program: Command, host: CommandHost): void {
  const memory = program
    .command('memory')
    .description('what agents keep: shared, and of the agent you act as');
  const scope = ['--scope <scope>', 'shared, or agent: of the agent you act as', 'shared'] as const;
  const session = ['--session <id>', 'that of a session, not the global one'] as const;
  memory
    .command('get')
    .argument('<key>')
    .description('print a value')
    .option(...scope)
    .option(...session)
    .option('--at <version>', 'as it was in an earlier version', countUpTo(Number.MAX_SAFE_INTEGER))
    .addHelpText(
      'after',
      host.examples(
        'schub memory get deploy.target',
        'schub memory get plan --session session_0123456789abcdef --json',
      ),
    )
    .action(async (key: string, where: Where & { at?: number }) => {
      const { getMemory } = await import('./memory.ts');
      host.done(await getMemory(await connect(host), key, where));
    });
  memory
    .command('history')
    .argument('<key>')
    .description('the versions of an entry that are kept, without their values')
    .option(...scope)
    .option(...session)
    .addHelpText(
      'after',
      host.examples('schub memory history deploy.target', 'schub memory history plan --scope agent --json'),
    )
    .action(async (key: string, where: Where) => {
      const { listVersions } = await import('./memory.ts');
      host.done(await listVersions(await connect(host), key, where));
    });
  memory
    .command('set')
    .argument('<key>')
    .argument('<value>', 'JSON, or else a text')
    .description('keep a value')
    .option(...scope)
    .option(...session)
    .addHelpText(
      'after',
      host.examples('schub memory set deploy.target staging', `schub memory set limits '{"cpu":2}'`),
    )
    .action(async (key: string, value: string, where: Where) => {
      const { setMemory } = await import('./memory.ts');
      host.done(await setMemory(await connect(host), key, value, where));
    });
  memory
    .command('list')
    .description('the entries, without their values')
    .option('--scope <scope>', 'only shared ones, or only those of the agent you act as (agent)')
    .option('--session <id>', 'those of a session; all: of all, and the global ones')
    .option('--prefix <text>', 'only keys that begin with it')
    .option('--query <text>', 'only what matches')
    .option('--limit <count>', 'how many at most', countUpTo(MAX_LISTED), 50)
    .addHelpText('after', host.examples('schub memory list', 'schub memory list --prefix deploy.'))
    .action(
      async (filter: {
        session?: string;
        scope?: string;
        prefix?: string;
        query?: string;
        limit: number;
      }) => {
        const { listMemory } = await import('./memory.ts');
        host.done(await listMemory(await connect(host), filter));
      },
    );
  memory
    .command('rm')
    .argument('<key>')
    .description('remove an entry')
    .option(...scope)
    .option(...session)
    .addHelpText('after', host.examples('schub memory rm deploy.old', 'schub memory rm draft --scope agent'))
    .action(async (key: string, where: Where) => {
      const { removeMemory } = await import('./memory.ts');
      host.done(await removeMemory(await connect(host), key, where));
    });
}

function addSearch(program: Command, host: CommandHost): void {
  program
    .command('search')
    .argument('<query>', 'words, "phrases", -not, from: session: type: before: after: has:code')
    .description('find messages by their words, typing errors forgiven')
    .option('--session <id>', 'only in this session')
    .option('--sender <name>', 'only of this sender')
    .option('--type <type>', 'only of this type, as decision')
    .option('--since <time>', 'ISO 8601 with offset or Z')
    .option('--until <time>', 'ISO 8601 with offset or Z')
    .option('--limit <count>', 'how many at most', countUpTo(MAX_LISTED), 10)
    .addHelpText(
      'after',
      host.examples('schub search "login timeout"', 'schub search deploy --type decision --json'),
    )
    .action(async (query: string, filter: SearchFilter) => {
      const { search } = await import('./search.ts');
      host.done(await search(await connect(host), query, filter));
    });
}
