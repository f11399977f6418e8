/** `schub connect --undo`. */
import type { LoadedConfig } from '../../config/config.ts';
import type { Surroundings } from '../../config/env.ts';
import { type HubClient, hubClient } from '../client.ts';
import { EXIT, type Output } from '../output.ts';
import type { ConnectableClient, Scope } from '../../features/connect/clients.ts';
import { sweepKeys } from './keyring.ts';
import type { Ledger, Recorded } from './ledger.ts';
import { type Row, tell, tellVariables } from './report.ts';
import { undo } from './undo.ts';
import { UneditableError } from '../../features/connect/uneditable.ts';

/**
 * Takes back what was written for the clients `named`, or for all: in the user's files and in those of the working folder,
 * or only in those of `scope`. Answers the exit code.
 */
export async function takeBack(
  deps: { readonly around: Surroundings; readonly output: Output },
  loaded: LoadedConfig,
  ledger: Ledger,
  named: readonly ConnectableClient[],
  scope: Scope | undefined,
): Promise<number> {
  const { around, output } = deps;
  const isMeant = (record: Recorded): boolean =>
    (named.length === 0 || named.some(({ id }) => id === record.client)) &&
    (scope === undefined || scope === record.scope) &&
    (record.project === null || record.project === around.cwd);
  const agents = Map.groupBy(ledger.files, ({ key_id }) => key_id ?? '');
  const agentsOf = new Map(
    [...agents].map(([id, files]) => [id, files.flatMap(({ agent_id }) => agent_id ?? [])]),
  );
  const rows: Row[] = [];
  // The last first: a folder that was made for two files goes with the first of them.
  for (const record of ledger.files.filter(isMeant).toReversed())
    rows.push(await takeBackOne(ledger, record));
  let client: Promise<HubClient> | undefined;
  const swept = await sweepKeys(ledger, () => (client ??= hubClient(loaded)), agentsOf);
  await ledger.save();
  await tellVariables(deps, loaded.config.dataDir, ledger, []);
  for (const text of [...swept.notes, ...swept.problems]) output.note(text);
  if (rows.length === 0) output.note('There is nothing to take back.');
  const elsewhere = new Set(ledger.files.flatMap(({ project }) => project ?? []));
  elsewhere.delete(around.cwd);
  for (const folder of elsewhere) output.note(`Still connected in ${folder}: run the same there.`);
  return Math.max(tell(output, rows), swept.problems.length > 0 ? EXIT.failure : EXIT.ok);
}

async function takeBackOne(ledger: Ledger, record: Recorded): Promise<Row> {
  const { client, scope, kind, path: file } = record;
  const row = { client, scope, kind, file };
  try {
    return { ...row, result: await undo(ledger, record) };
  } catch (error) {
    if (!(error instanceof UneditableError)) throw error;
    return { ...row, result: 'failed', error: `${file} ${error.message}; it is left as it is.` };
  }
}
