/** `schub demo`: two agents work together over the hub, and it is told what each of them does. */
import type { LoadedConfig } from '../../config/config.ts';
import { dataFiles } from '../../config/paths.ts';
import { readSecretsFile } from '../../config/secrets-file.ts';
import type { createHub } from '../../hub.ts';
import { hubClient } from '../client.ts';
import { CliError, EXIT, type Output, type Style } from '../output.ts';
import { createDemoAgent } from './agent.ts';
import { startScratchHub } from './scratch-hub.ts';
import { play, type Step } from './script.ts';

export interface DemoDeps {
  readonly loaded: LoadedConfig;
  readonly output: Output;
  readonly version: string;
  readonly signal: AbortSignal;
  /** What a person types for a command of this program. */
  readonly lineOf: (args: readonly string[]) => string;
  /** Makes a hub for the demo alone; absent: the one that runs is used. */
  readonly loadHub?: () => Promise<typeof createHub>;
}

const ADA = 'demo-ada';
const BOB = 'demo-bob';
const STYLES: Readonly<Record<string, Style>> = { [ADA]: 'cyan', [BOB]: 'yellow' };

/** Answers the exit code. @throws CliError if there is no hub, or it refuses. */
export async function demo({ loaded, output, version, signal, lineOf, loadHub }: DemoDeps): Promise<number> {
  await using scratch = loadHub === undefined ? null : await startScratchHub(await loadHub(), version);
  const client = await hubClient({
    ...loaded,
    client: scratch ?? { ...loaded.client, apiKey: loaded.client.apiKey ?? (await agentKey(loaded)) },
  });
  const agent = (id: string, type: string) => createDemoAgent({ client, id, type, version, signal });
  const steps: Step[] = [];
  const tell = (step: Step): void => {
    steps.push(step);
    if (!output.json) show(step, output);
  };
  const session = await play({ ada: agent(ADA, 'planner'), bob: agent(BOB, 'coder'), tell }).catch(
    (error: unknown) => {
      throw signal.aborted ? new CliError(EXIT.interrupted, 'Interrupted.', { cause: error }) : error;
    },
  );
  if (output.json) output.document({ url: client.url, session_id: session, steps });
  else if (scratch === null) output.note(`\n${whatNext(lineOf, session)}`);
  else output.note(`\nThe hub of this demo is gone with all that was said. To keep one: ${lineOf(['up'])}`);
  return EXIT.ok;
}

/** Agents have the agents' key, where the command line has that of the operators. */
async function agentKey({ config, given }: LoadedConfig): Promise<string | null> {
  return given.apiKey ?? (await readSecretsFile(dataFiles.secrets(config.dataDir)))?.API_KEY ?? null;
}

function show({ agent, did, text }: Step, output: Output): void {
  const { paint } = output;
  output.line(`${paint(STYLES[agent] ?? 'bold', agent)} ${did}`);
  for (const quoted of text?.trimEnd().split('\n') ?? []) output.line(paint('dim', `  | ${quoted}`));
}

function whatNext(lineOf: DemoDeps['lineOf'], session: string): string {
  return [
    'All of it is history now. Look at it:',
    `  ${lineOf(['sessions', 'show', session])}`,
    `  ${lineOf(['search', 'cookie decision'])}`,
    'What your agents say, as they say it:',
    `  ${lineOf(['tail', '--since', '1h'])}`,
    `Bring your own agents: ${lineOf(['connect', '--all'])}`,
  ].join('\n');
}
