/** `schub stdio`: the hub for clients that only start a process and speak over its standard input and output. */
import { configWithOrigins } from '../../config/config.ts';
import { configSources, type Surroundings } from '../../config/env.ts';
import { isLoopback } from '../../config/host.ts';
import { dataFiles } from '../../config/paths.ts';
import { readSecretsFile } from '../../config/secrets-file.ts';
import type { SettingKey } from '../../config/settings.ts';
import { findHub } from '../find-hub.ts';
import { endWithin, watchForStop } from '../lifecycle.ts';
import { CliError, EXIT, type Output } from '../output.ts';
import { ensureHub } from './background.ts';
import { runBridge } from './bridge.ts';
import { createHubLink, type HubAccess } from './hub-link.ts';

export interface StdioDeps {
  readonly around: Surroundings;
  /** Settings of a hub that is started. */
  readonly flags: Readonly<Partial<Record<SettingKey, string>>>;
  readonly output: Output;
}

/** Time for the last answers, and for the hub to be told. */
const LINGER_MS = 2_000;

/**
 * Runs until standard input ends; answers the exit code.
 * @throws CliError if there is no hub and none can be started, or no key.
 */
export async function stdio({ around, flags, output }: StdioDeps, agentId?: string): Promise<number> {
  const stop = watchForStop();
  const loaded = configWithOrigins(configSources(around, flags));
  const { config, client, given } = loaded;

  const locate = async (start: boolean): Promise<HubAccess> => {
    const url = client.url ?? (await urlHere(start));
    // The agents' key of this machine is nobody else's business.
    const isHere = client.url === null || isLoopback(new URL(url).hostname);
    const key = client.apiKey ?? (isHere ? (given.apiKey ?? (await keptKey())) : undefined);
    if (key === undefined)
      throw new CliError(EXIT.permission, `There is no key for the hub at ${url}; set HUB_API_KEY.`);
    return { url, key };
  };
  const urlHere = async (start: boolean): Promise<string> => {
    const { dataDir } = config;
    const running = start ? await ensureHub({ around, dataDir, flags }) : await findHub(dataDir);
    if (running !== undefined) return running.url;
    throw new CliError(EXIT.unreachable, `No hub runs on the data folder ${dataDir}.`);
  };
  const keptKey = async (): Promise<string | undefined> =>
    (await readSecretsFile(dataFiles.secrets(config.dataDir)))?.API_KEY;

  const { url } = await locate(true);
  output.note(`ready ${url} (MCP on standard input and output)`);
  const over = new AbortController();
  const hurry = new AbortController();
  const end = (): void => {
    hurry.abort();
    process.stdin.destroy();
  };
  process.stdout.once('error', end);
  stop.signal.addEventListener('abort', end);
  await runBridge({
    link: createHubLink({ locate, agentId, signal: over.signal }),
    input: inputUntil(hurry.signal),
    write: (line) => process.stdout.write(line),
    note: (text) => {
      output.note(text);
    },
    signal: hurry.signal,
  });
  over.abort();
  endWithin(LINGER_MS, EXIT.ok);
  return EXIT.ok;
}

/** Standard input; its end is no failure, whatever brought it about. */
async function* inputUntil(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of process.stdin) yield chunk as Uint8Array;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
