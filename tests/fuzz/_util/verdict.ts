/** What must hold of every answer, whatever was asked: no failure of the hub, no silence, and errors of the closed table. */
import { ERRORS, type ErrorCode } from '../../../src/errors.ts';
import type { TestHub } from '../../_util/test-hub.ts';

export interface Case {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
}

type Json = Readonly<Record<string, unknown>>;

/** A loaded machine is slow; a hub that hangs says nothing at all. */
const SILENCE_MS = 60_000;
const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Counts what has been asked and answered, for the report. */
export type Tally = Map<string, number>;

/** Asks, and answers what is wrong with the answer. */
export async function judge(hub: TestHub, asked: Case, tally: Tally): Promise<readonly string[]> {
  const over = new AbortController();
  const late = setTimeout(() => over.abort(), SILENCE_MS);
  try {
    const { path, body, ...init } = asked;
    const isHead = init.method === 'HEAD';
    const response = await hub.request(path, {
      ...{ ...init, signal: over.signal },
      ...(body === undefined ? {} : { body }),
    });
    const text = await textOf(response);
    const wrong = wrongWith(response, text, isHead);
    const kind = `${response.status} ${codesIn(text)}`;
    tally.set(kind, (tally.get(kind) ?? 0) + 1);
    return wrong.map((what) => `${what}: ${response.status} ${text.slice(0, 500)}`);
  } catch (error) {
    return [over.signal.aborted ? 'it is not answered' : `it throws ${String(error)}`];
  } finally {
    clearTimeout(late);
  }
}

async function wholeText(response: Response): Promise<string> {
  const encoding = response.headers.get('content-encoding');
  if (encoding === null || response.body === null) return response.text();
  return new Response(
    response.body.pipeThrough(new DecompressionStream(encoding as 'gzip' | 'deflate')),
  ).text();
}

/** A stream that stays open is read as far as it goes at once. */
async function textOf(response: Response): Promise<string> {
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (!isStream || response.body === null) return wholeText(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const said = async (): Promise<boolean> => {
    const { value, done } = await reader.read();
    text += value ?? '';
    return !done;
  };
  // An answer ends its stream; what only begins is a subscription, or the stream of a session.
  const isWhole = (): boolean => /^data: .*"(result|error)":/m.test(text);
  const quiet = new Promise<false>((resolve) => setTimeout(() => resolve(false), QUIET_MS).unref());
  while (!isWhole() && (await Promise.race([said(), quiet])));
  await reader.cancel();
  return text;
}
const QUIET_MS = 1000;

function wrongWith(response: Response, text: string, isHead: boolean): string[] {
  const wrong: string[] = [];
  const { status } = response;
  const errors = objectsOf(response, text).flatMap(errorsOf);
  const codes = errors.flatMap((error) => (isRecord(error) ? [error['code']] : []));
  const mayFail = status === 503 && codes.some((code) => code === 'OVERLOADED');
  if (status >= 500 && !mayFail) wrong.push('it is a failure of the hub');
  if (codes.includes('INTERNAL_ERROR')) wrong.push('it is an internal error');
  const requestId = response.headers.get('x-request-id');
  if (requestId === null) wrong.push('it has no request id');
  for (const error of errors) {
    if (!isErrorObject(error)) wrong.push('its error is no error object');
    else if (error['request_id'] !== requestId) wrong.push('its error has another request id');
  }
  if (status >= 400 && errors.length === 0 && !isHead && !isOfTheProtocol(text))
    wrong.push('it is refused without an error object');
  return wrong;
}

/** The JSON documents that an answer consists of. */
function objectsOf(response: Response, text: string): Json[] {
  const type = response.headers.get('content-type') ?? '';
  const parts = type.startsWith('text/event-stream')
    ? [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => data ?? '')
    : type.startsWith('application/json') && text !== ''
      ? [text]
      : [];
  return parts.flatMap((part) => {
    const parsed = JSON.parse(part) as unknown;
    return (Array.isArray(parsed) ? parsed : [parsed]) as Json[];
  });
}

/** The errors in an object: the object itself, that of a message, or that of a tool. */
function errorsOf(object: Json): unknown[] {
  const { result, error } = object;
  if (object['success'] === false) return [object];
  if (isRecord(error)) return isProtocolError(error) ? [] : [error['data']];
  if (!isRecord(result) || result['isError'] !== true) return [];
  const [{ text }] = result['content'] as [{ text: string }];
  return [JSON.parse(text), ...('structuredContent' in result ? ['structured content in an error'] : [])];
}

/** What the protocol itself refuses has codes of its own, and data of other forms, as the revisions that are spoken. */
const PROTOCOL_CODES: readonly unknown[] = [-32700, -32600, -32601, -32602, -32020, -32022, -32000];
const isProtocolError = ({ code, message, data }: Json): boolean =>
  PROTOCOL_CODES.includes(code) &&
  typeof message === 'string' &&
  !/\bat .*:\d+:\d+|node_modules|SQLITE|\/src\//.test(message) &&
  !(isRecord(data) && 'success' in data);
function isOfTheProtocol(text: string): boolean {
  return /"error":\{"code":-32\d{3},/.test(text);
}

function isErrorObject(value: unknown): value is Json {
  if (!isRecord(value) || value['success'] !== false || typeof value['error'] !== 'string') return false;
  const { code, number, suggestions, context, related_resources: related, timestamp } = value;
  if (typeof code !== 'string' || !Object.hasOwn(ERRORS, code)) return false;
  const isWhole = Array.isArray(suggestions) && Array.isArray(related) && isRecord(context);
  return (
    isWhole && number === ERRORS[code as ErrorCode].number && !Number.isNaN(Date.parse(String(timestamp)))
  );
}

const codesIn = (text: string): string => /\\*"code\\*":\\*"?([A-Z_]+|-\d+)/.exec(text)?.[1] ?? '';
