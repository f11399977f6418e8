/** Checks of the clients that `schub connect` has connected: each by what stands in its file now, as the client does it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { ConfigSources, LoadedConfig } from '../../config/config.ts';
import { systemReason } from '../../lib/system-error.ts';
import { readEntry, type Entry } from '../connect/entry.ts';
import { openLedger, type Recorded } from '../connect/ledger.ts';
import { UneditableError } from '../../features/connect/uneditable.ts';
import { CliError } from '../output.ts';
import { quoted } from './data.ts';
import { ok, problem, warning, type Finding } from './finding.ts';

type Env = ConfigSources['env'];

const ANSWER_MS = 5000;
/** A process has to start first. */
const START_MS = 15_000;
const REVISION = '2026-07-28';
const METHOD = 'tools/list';

const answerSchema = z.looseObject({
  result: z.looseObject({}).optional(),
  error: z.union([z.string(), z.looseObject({ message: z.string() })]).optional(),
});

/** `url`: of the hub; `env`: what a client would hand to a process. Nothing is changed, and nobody's messages count as delivered. */
export async function checkClients(
  { config }: LoadedConfig,
  url: string,
  env: Env,
): Promise<readonly Finding[]> {
  try {
    const ledger = await openLedger(config.dataDir);
    const servers = ledger.files.filter(({ kind }) => kind === 'server');
    return await Promise.all(
      servers.map(async (record) => {
        const key = ledger.keys.find(({ key_id }) => key_id === record.key_id);
        try {
          return await checkClient(record, await readEntry(record, key), { url, env });
        } catch (error) {
          if (!(error instanceof UneditableError)) throw error;
          return problem('client', `${record.client}: ${record.path} ${error.message}`, mendOf(record));
        }
      }),
    );
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [
      problem(
        'clients',
        error.message,
        'mend that file, or move it away and connect again: schub connect --all',
      ),
    ];
  }
}

async function checkClient(
  record: Recorded,
  entry: Entry | undefined,
  { url, env }: { readonly url: string; readonly env: Env },
): Promise<Finding> {
  const { client, path, agent_id: agent } = record;
  if (entry === undefined)
    return warning('client', `${client}: ${path} does not lead to the hub any more`, mendOf(record));
  // A project's file is shared: whoever changes it must not get the key.
  if ('url' in entry && entry.variable && new URL(url).origin !== URL.parse(entry.url)?.origin)
    return problem('client', `${client}: ${path} leads to ${entry.url}, not to ${url}`, mendOf(record));
  const refused = 'url' in entry ? await askHttp(entry) : await askProcess(entry, env);
  if (refused === undefined) return ok('client', `${client} connects as ${agent ?? 'itself'} (${path})`);
  return problem('client', `${client} cannot connect by ${path}: ${refused}`, mendOf(record));
}

function mendOf({ client, project }: Recorded): string {
  if (project === null) return `schub connect ${client} --yes`;
  return `cd ${quoted(project)} && schub connect ${client} --scope project --yes`;
}

const request = (): string =>
  JSON.stringify({
    ...{ jsonrpc: '2.0', id: 1, method: METHOD },
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': REVISION,
        'io.modelcontextprotocol/clientInfo': { name: 'schub doctor', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  });

/** Answers what is wrong. */
async function askHttp({ url, headers }: Extract<Entry, { url: string }>): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        ...headers,
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        'MCP-Protocol-Version': REVISION,
        'Mcp-Method': METHOD,
      },
      body: request(),
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await response.text();
    const data = /^data: ?(\{.*)$/m.exec(text)?.[1] ?? text;
    return complaintOf(data) ?? (response.ok ? undefined : `HTTP status ${String(response.status)}`);
  } catch (error) {
    const reason = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return `${url} does not answer: ${systemReason(reason)}`;
  }
}

/** Starts what the client starts, and asks it on its standard input. */
async function askProcess(
  { command, args, env }: Exclude<Entry, { url: string }>,
  around: Env,
): Promise<string | undefined> {
  const signal = AbortSignal.timeout(START_MS);
  const child = spawn(command, args, {
    env: { ...around, ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
    signal,
  });
  const failed = once(child, 'error').then(([error]) => `${command} cannot be run: ${systemReason(error)}`);
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${request()}\n`);
  const lines = createInterface(child.stdout);
  const answered = once(lines, 'line').then(([line]) => complaintOf(String(line)));
  const ended = once(lines, 'close').then(() => 'it ends without an answer');
  try {
    return await Promise.race([failed, answered, ended]);
  } finally {
    child.kill();
  }
}

/** Undefined: it is an answer. */
function complaintOf(text: string): string | undefined {
  const { data } = answerSchema.safeParse(jsonOf(text));
  if (data?.result !== undefined) return undefined;
  const error = data?.error;
  return (typeof error === 'object' ? error.message : error) ?? 'what answers is no hub';
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
