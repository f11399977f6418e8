/** What a run of `connect` says it has done. */
import type { Surroundings } from '../../config/env.ts';
import { dataFiles } from '../../config/paths.ts';
import { EXIT, type Output } from '../output.ts';
import { CLIENTS, type Scope, variableOf } from '../../features/connect/clients.ts';
import { writeVariables } from './keyring.ts';
import type { Ledger } from './ledger.ts';
import type { Undone } from './undo.ts';

export interface Row {
  readonly client: string;
  readonly scope: Scope;
  readonly kind: 'server' | 'hooks';
  readonly file: string;
  readonly result: 'connected' | 'unchanged' | 'would change' | 'declined' | 'failed' | Undone;
  readonly agent_id?: string;
  readonly key_id?: string;
  /** The environment variable that has to hold the key. */
  readonly variable?: string;
  /** What the file held before. */
  readonly copy?: string;
  readonly difference?: string;
  readonly error?: string;
}

const MEANINGS: Readonly<Partial<Record<Row['result'], string>>> = {
  removed: 'was changed since it was connected: what schub wrote is taken out, the rest is kept',
  gone: 'holds nothing of what schub wrote any more',
};

/** Answers the exit code. */
export function tell(output: Output, rows: readonly Row[]): number {
  const failed = rows.filter(({ error }) => error !== undefined);
  if (rows.length > 0 || output.json)
    output.list({
      name: 'connections',
      items: rows,
      headers: ['CLIENT', 'RESULT', 'AGENT', 'FILE'],
      row: ({ client, result, file, agent_id: agent = '-' }) => [client, result, agent, file],
    });
  if (!output.json) {
    for (const { file, result } of rows) {
      const meaning = MEANINGS[result];
      if (meaning !== undefined) output.note(`${file} ${meaning}.`);
    }
    for (const { error = '' } of failed) output.note(`schub: ${error}`);
  }
  return failed.length > 0 ? EXIT.failure : EXIT.ok;
}

/** Writes the file with the keys that project files name, and says which variables are to be set. */
export async function tellVariables(
  { around, output }: { readonly around: Surroundings; readonly output: Output },
  dataDir: string,
  ledger: Ledger,
  rows: readonly Row[],
): Promise<void> {
  const named = ledger.files.filter(({ scope, kind }) => scope === 'project' && kind === 'server');
  const clients = CLIENTS.filter(({ id }) => named.some(({ client }) => client === id));
  const values = new Map(
    clients.flatMap((client) => {
      const key = ledger.keys.findLast((one) => one.client === client.id);
      return key === undefined ? [] : [[variableOf(client), key.key] as const];
    }),
  );
  const file = dataFiles.variables(dataDir);
  await writeVariables(file, values);
  const unset = rows.filter(
    ({ variable }) => variable !== undefined && around.env[variable] !== values.get(variable),
  );
  const names = unset.filter(({ client }) => client !== 'vscode').flatMap(({ variable }) => variable ?? []);
  if (names.length > 0)
    output.note(`Set ${names.join(', ')} where you start ${names.length === 1 ? 'it' : 'them'}: . ${file}`);
  if (unset.some(({ client }) => client === 'vscode'))
    output.note(`VS Code will ask for its key: it is the value of HUB_KEY_VSCODE in ${file}`);
}
