/** One connection that is kept open, and HTTP over it as bare as it gets: a client must cost next to nothing beside the hub. */
import { connect } from 'node:net';

export interface Answer {
  readonly status: number;
  /** By name, in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface Connection {
  /** One request at a time goes out; others wait for their turn. */
  post(path: string, headers: Readonly<Record<string, string>>, body: string): Promise<Answer>;
  close(): void;
}

interface Waiting {
  readonly request: string;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const END_OF_HEADERS = '\r\n\r\n';

export function openConnection({ hostname, port, host }: URL): Connection {
  const socket = connect(Number(port), hostname).setNoDelay(true);
  const waiting: Waiting[] = [];
  let pieces: Buffer = Buffer.alloc(0);
  let ended: Error | undefined;

  const end = (error: Error): void => {
    ended ??= error;
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  socket.on('error', end);
  socket.on('close', () => end(new Error('the connection was closed')));
  socket.on('data', (piece) => {
    pieces = pieces.length === 0 ? piece : Buffer.concat([pieces, piece]);
    const read = readAnswer(pieces);
    if (read === undefined) return;
    pieces = pieces.subarray(read.length);
    waiting.shift()?.resolve(read.answer);
    const [next] = waiting;
    if (next !== undefined) socket.write(next.request);
  });

  return {
    post(path, headers, body) {
      const lines = Object.entries({ host, ...headers, 'content-length': String(Buffer.byteLength(body)) });
      const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      return new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended);
        const request = `POST ${path} HTTP/1.1\r\n${head}\r\n${body}`;
        waiting.push({ request, resolve, reject });
        if (waiting.length === 1) socket.write(request);
      });
    },
    close: () => socket.destroy(),
  };
}

/** The first answer in `bytes`, if it is complete, and how long it is. The hub says the length of all but streams. */
function readAnswer(bytes: Buffer): { readonly answer: Answer; readonly length: number } | undefined {
  const headLength = bytes.indexOf(END_OF_HEADERS);
  if (headLength < 0) return undefined;
  const [first = '', ...lines] = bytes.toString('latin1', 0, headLength).split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const start = headLength + END_OF_HEADERS.length;
  const length = start + Number(headers.get('content-length') ?? NaN);
  if (Number.isNaN(length)) throw new Error(`an answer without a length: ${first}`);
  if (bytes.length < length) return undefined;
  const body = bytes.toString('utf8', start, length);
  return { answer: { status: Number(first.split(' ')[1]), headers, body }, length };
}
