/** The command line's way to a running hub. */
import { z } from 'zod';
import type { LoadedConfig } from '../config/config.ts';
import { isLoopback } from '../config/host.ts';
import { dataFiles } from '../config/paths.ts';
import { readSecretsFile } from '../config/secrets-file.ts';
import type { ErrorCode, ErrorObject } from '../errors.ts';
import { ERRORS } from '../errors.ts';
import { systemReason } from '../lib/system-error.ts';
import { findHub } from './find-hub.ts';
import { CliError, EXIT } from './output.ts';

export interface SendOptions {
  readonly method?: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it comes. */
  readonly stream?: ReadableStream<Uint8Array>;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What kinds of answer are understood; JSON alone if nothing is said. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

export interface HubClient {
  readonly url: string;
  /**
   * Sends a request and answers its success.
   * @throws CliError with the exit code that fits: the hub does not answer, or refuses.
   */
  send(path: string, options?: SendOptions): Promise<Response>;
  /** As `send`, and reads the JSON of the answer. */
  read<T>(schema: z.ZodType<T>, path: string, options?: SendOptions): Promise<T>;
}

/**
 * Finds the hub (`HUB_URL`, else the one that runs on the data folder) and the key to speak with (`HUB_API_KEY`, else
 * the operators' key of the data folder).
 * @throws CliError if there is no hub or no key.
 */
export async function hubClient(
  loaded: Pick<LoadedConfig, 'config' | 'given' | 'client'>,
): Promise<HubClient> {
  const url = loaded.client.url ?? (await urlOfDataFolder(loaded.config.dataDir));
  const key = await findKey(loaded, url);
  const send = async (path: string, options: SendOptions = {}): Promise<Response> => {
    const response = await exchange(url, path, key, options);
    if (response.ok) return response;
    throw refusal(response.status, await jsonOf(url, response, options));
  };
  return {
    url,
    send,
    async read(schema, path, options = {}) {
      const response = await send(path, options);
      const parsed = schema.safeParse(await jsonOf(url, response, options));
      if (parsed.success) return parsed.data;
      throw new CliError(
        EXIT.failure,
        `The hub at ${url} answers ${path} in a form that this schub does not know.`,
      );
    },
  };
}

async function urlOfDataFolder(dataDir: string): Promise<string> {
  const running = await findHub(dataDir);
  if (running !== undefined) return running.url;
  throw new CliError(
    EXIT.unreachable,
    `No hub runs on the data folder ${dataDir}; start one with "schub up", or set HUB_URL.`,
  );
}

async function findKey(
  loaded: Pick<LoadedConfig, 'config' | 'given' | 'client'>,
  url: string,
): Promise<string> {
  const { client, given, config } = loaded;
  if (client.apiKey !== null) return client.apiKey;
  // The operators' key of this machine is nobody else's business.
  if (client.url === null || isLoopback(new URL(url).hostname)) {
    const kept = await readSecretsFile(dataFiles.secrets(config.dataDir));
    const key = given.adminApiKey ?? kept?.ADMIN_API_KEY;
    if (key !== undefined) return key;
  }
  throw new CliError(EXIT.permission, `There is no key for the hub at ${url}; set HUB_API_KEY.`);
}

async function exchange(url: string, path: string, key: string, options: SendOptions): Promise<Response> {
  const target = new URL(`${url}${path}`);
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined) target.searchParams.set(name, String(value));
  }
  const body = options.json === undefined ? options.stream : JSON.stringify(options.json);
  const headers = new Headers({
    ...options.headers,
    Authorization: `Bearer ${key}`,
    Accept: options.accept ?? 'application/json',
  });
  if (body !== undefined) headers.set('Content-Type', options.contentType ?? 'application/json');
  const init = {
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    headers,
    redirect: 'error' as const,
    ...(body === undefined ? {} : { body, duplex: 'half' as const }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  try {
    return await fetch(target, init);
  } catch (error) {
    throw broken(url, error, options);
  }
}

/** What a body says; undefined if it is no JSON. @throws CliError if it does not arrive whole. */
async function jsonOf(url: string, response: Response, options: SendOptions): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw broken(url, error, options);
  }
}

/** An exchange that did not come to its end. */
function broken(url: string, error: unknown, { signal }: SendOptions): CliError {
  if (signal?.aborted === true) return new CliError(EXIT.interrupted, 'Interrupted.', { cause: error });
  const reason = error instanceof Error && error.cause !== undefined ? error.cause : error;
  // What was to be sent could not be read.
  if (reason instanceof CliError) return reason;
  return new CliError(EXIT.unreachable, `The hub at ${url} does not answer: ${systemReason(reason)}.`, {
    cause: error,
  });
}

const answerSchema = z.looseObject({ success: z.literal(false), error: z.string(), code: z.string() });

function refusal(status: number, body: unknown): CliError {
  const parsed = answerSchema.safeParse(body);
  if (!parsed.success) {
    return new CliError(exitOfStatus(status), `The hub answers with the HTTP status ${String(status)}.`);
  }
  const { code, error } = parsed.data;
  const exit = Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].exit : exitOfStatus(status);
  return new CliError(exit, error, { answer: parsed.data as unknown as ErrorObject });
}

function exitOfStatus(status: number): number {
  if (status === 404) return EXIT.notFound;
  if (status === 401 || status === 403) return EXIT.permission;
  return status === 400 ? EXIT.usage : EXIT.failure;
}
