/** `schub connect`: writes the hub into the configuration of clients, and takes it out again. */
import { configWithOrigins } from '../../config/config.ts';
import { configSources, type Surroundings } from '../../config/env.ts';
import { hubClient } from '../client.ts';
import { CliError, EXIT, type Output } from '../output.ts';
import { apply, type ApplyDeps, plan, type Planned } from './apply.ts';
import { CLIENTS, type ConnectableClient, type Scope } from '../../features/connect/clients.ts';
import { openKeyring, sweepKeys } from './keyring.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { printEntries } from './print.ts';
import { type Row, tell, tellVariables } from './report.ts';
import { clientNamed, hooksTarget, isPresent, serverTarget, type Target } from './target.ts';
import { takeBack } from './take-back.ts';
import { UneditableError } from '../../features/connect/uneditable.ts';

export interface ConnectOptions {
  readonly all?: boolean;
  /** Default: user; with `undo`, the user's files and those of the working folder. */
  readonly scope?: Scope;
  readonly print?: boolean;
  readonly dryRun?: boolean;
  readonly undo?: boolean;
  readonly hooks?: boolean;
  readonly yes?: boolean;
}

export interface ConnectDeps {
  readonly around: Surroundings;
  readonly output: Output;
  /** Asks on a terminal; undefined: there is none. */
  readonly ask?: (question: string) => Promise<boolean>;
}

/** Answers the exit code. @throws CliError if the clients are not known, or the hub cannot be used. */
export async function connect(
  deps: ConnectDeps,
  names: readonly string[],
  options: ConnectOptions,
): Promise<number> {
  const { around, output } = deps;
  const loaded = configWithOrigins(configSources(around));
  const ledger = await openLedger(loaded.config.dataDir);
  const named = names.map(clientNamed);
  if (options.undo === true) return await takeBack(deps, loaded, ledger, named, options.scope);
  if (named.length === 0 && options.all !== true && options.hooks !== true) return tellClients(deps, ledger);
  const { scope = 'user' } = options;
  const targets = targetsOf(deps, chosen(deps, named, options), scope, options);
  if (options.print === true) return await printEntries(output, targets, loaded, around);
  const keyring = await openKeyring(await hubClient(loaded), loaded, ledger);
  const dry = options.dryRun === true;
  const apply: ApplyDeps = { place: around, ledger, keyring };
  const rows: Row[] = [];
  for (const target of targets) rows.push(await connectOne(deps, apply, target, dry, options.yes === true));
  if (dry) return tell(output, rows);
  // Of a file that could not be written after all.
  await sweepKeys(ledger, () => hubClient(loaded), new Map());
  await ledger.save();
  await tellVariables(deps, loaded.config.dataDir, ledger, rows);
  return tell(output, rows);
}

function chosen(
  { around, output }: ConnectDeps,
  named: readonly ConnectableClient[],
  { all, hooks }: ConnectOptions,
): readonly ConnectableClient[] {
  if (named.length > 0) return [...new Set(named)];
  if (all !== true && hooks === true) return [clientNamed('claude-code')];
  const present = CLIENTS.filter((client) => isPresent(client, around));
  if (present.length === 0)
    output.note(`No client is installed here; name one: ${CLIENTS.map(({ id }) => id).join(', ')}.`);
  return present;
}

/** @throws CliError if a named client has no file in the scope, or hooks are wanted of clients without. */
function targetsOf(
  { around, output }: ConnectDeps,
  clients: readonly ConnectableClient[],
  scope: Scope,
  { all, hooks }: ConnectOptions,
): readonly Target[] {
  const targets = clients.flatMap((client) => {
    const target = serverTarget(client, scope, around);
    if (target !== undefined) return [target];
    const message = `${client.name} has no configuration of projects without the key itself; use --scope user.`;
    if (all !== true) throw new CliError(EXIT.usage, message);
    output.note(message);
    return [];
  });
  if (hooks !== true) return targets;
  const claude = clients.find(({ id }) => id === 'claude-code');
  if (claude === undefined)
    throw new CliError(EXIT.usage, 'Hooks are for Claude Code; name claude-code too.');
  return [...targets, hooksTarget(claude, scope, around)];
}

async function connectOne(
  { output, ask }: ConnectDeps,
  deps: ApplyDeps,
  target: Target,
  dry: boolean,
  yes: boolean,
): Promise<Row> {
  const row = { client: target.client.id, scope: target.scope, kind: target.kind, file: target.path };
  try {
    const trial = await plan(deps, target, true);
    const isNew = trial.record === undefined || (target.kind === 'server' && trial.key === undefined);
    if (dry || (trial.difference === '' && !isNew)) {
      const result = trial.difference === '' ? 'unchanged' : 'would change';
      if (trial.difference !== '' && !output.json) output.line(`${heading(trial)}\n${trial.difference}`);
      return { ...row, result, ...facts(trial) };
    }
    if (trial.difference !== '') {
      if (!output.json) output.note(`${heading(trial)}\n${trial.difference}`);
      if (!yes && ask !== undefined && !(await ask(`Change ${target.path}?`)))
        return { ...row, result: 'declined' };
    }
    const planned = await plan(deps, target, false);
    const copy = await apply(deps, planned);
    const result = planned.difference === '' ? 'unchanged' : 'connected';
    return { ...row, result, ...facts(planned), ...(copy === undefined ? {} : { copy }) };
  } catch (error) {
    if (!(error instanceof UneditableError)) throw error;
    return { ...row, result: 'failed', error: `${target.path} ${error.message}; it is left as it is.` };
  }
}

function heading({ target, found }: Planned): string {
  return `${target.client.name}: ${target.path}${found.bytes === null ? ' (new)' : ''}`;
}

function facts({ target, agentId, key, difference }: Planned): Partial<Row> {
  return {
    ...(agentId === null ? {} : { agent_id: agentId }),
    ...(key === undefined ? {} : { key_id: key.key_id }),
    ...(target.variable === undefined ? {} : { variable: target.variable }),
    ...(difference === '' ? {} : { difference }),
  };
}

/** Without a client to connect: which there are. */
function tellClients({ around, output }: ConnectDeps, ledger: Ledger): number {
  const clients = CLIENTS.map((client) => {
    const files = ledger.files.filter((one) => one.client === client.id && one.kind === 'server');
    return {
      client: client.id,
      installed: isPresent(client, around),
      connected: files.map(({ path }) => path),
    };
  });
  output.list({
    name: 'clients',
    items: clients,
    headers: ['CLIENT', 'INSTALLED', 'CONNECTED BY'],
    row: ({ client, installed, connected }) => [
      client,
      installed ? 'yes' : 'no',
      connected.join(', ') || '-',
    ],
  });
  if (!output.json)
    output.note('Connect all that are installed with "schub connect --all", or name those you mean.');
  return EXIT.ok;
}
