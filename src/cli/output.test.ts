import { Writable } from 'node:stream';
import { WriteStream } from 'node:tty';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { UsageError } from '../config/usage-error.ts';
import { HubError, StartError, errorObject } from '../errors.ts';
import { CliError, EXIT, createOutput } from './output.ts';

function output(json: boolean) {
  const said = { out: '', err: '' };
  const made = createOutput(
    { write: (text) => (said.out += text) },
    { write: (text) => (said.err += text) },
    json ? 'json' : 'text',
  );
  return { made, said };
}

const answer = errorObject(new HubError('SESSION_NOT_FOUND', 'No such session.'), 'req-1', 0);

describe('output', () => {
  it('puts data on standard output and notes on standard error', () => {
    const { made, said } = output(false);
    made.line('data');
    made.document({ a: 1 });
    made.note('hint');
    expect(said).toEqual({ out: 'data\n{\n  "a": 1\n}\n', err: 'hint\n' });
  });

  it.each<[unknown, number, string, string]>([
    [new StartError('Bad folder.'), 1, 'Bad folder.', 'INTERNAL_ERROR'],
    [new UsageError('Bad flag.'), 2, 'Bad flag.', 'INVALID_INPUT'],
    [new HubError('SESSION_NOT_FOUND', 'No such session.'), 3, 'No such session.', 'SESSION_NOT_FOUND'],
    [new HubError('PERMISSION_DENIED', 'No.'), 4, 'No.', 'PERMISSION_DENIED'],
    [new HubError('STORE_UNAVAILABLE', 'Full.'), 1, 'Full.', 'STORE_UNAVAILABLE'],
    [new CliError(EXIT.unreachable, 'Nobody there.'), 5, 'Nobody there.', 'STORE_UNAVAILABLE'],
    [new CliError(EXIT.permission, 'No key.'), 4, 'No key.', 'PERMISSION_DENIED'],
    [new CliError(EXIT.interrupted, 'Interrupted.'), 130, 'Interrupted.', 'INTERNAL_ERROR'],
    [new CliError(EXIT.notFound, 'No such session.', { answer }), 3, 'No such session.', 'SESSION_NOT_FOUND'],
  ])('%s', (thrown, code, sentence, errorCode) => {
    const plain = output(false);
    expect(plain.made.failure(thrown)).toBe(code);
    expect(plain.said).toEqual({ out: '', err: `schub: ${sentence}\n` });
    const json = output(true);
    expect(json.made.failure(thrown)).toBe(code);
    expect(JSON.parse(json.said.err)).toMatchObject({ success: false, error: sentence, code: errorCode });
  });

  it('gives the error object of the hub as it came', () => {
    const { made, said } = output(true);
    made.failure(new CliError(EXIT.notFound, 'No such session.', { answer }));
    expect(JSON.parse(said.err)).toEqual(answer);
  });

  it('shows where something unforeseen happened', () => {
    const { made, said } = output(false);
    expect(made.failure(new TypeError('x is not a function'))).toBe(1);
    expect(said.err).toMatch(/TypeError: x is not a function\n\s+at /);
  });
});

describe('colours of a terminal', () => {
  class Terminal extends Writable {
    readonly isTTY = true;
    getColorDepth = (): number => WriteStream.prototype.getColorDepth.call(this);
    text = '';
    override _write(chunk: Buffer, _encoding: string, done: () => void): void {
      this.text += chunk.toString();
      done();
    }
  }

  afterEach(() => vi.unstubAllEnvs());

  it.each([
    [{}, true],
    [{ NO_COLOR: '1' }, false],
    [{ TERM: 'dumb' }, false],
    [{ FORCE_COLOR: '0' }, false],
    [{ TERM: 'dumb', FORCE_COLOR: '1' }, true],
  ])('%j', (env, painted) => {
    for (const name of ['NO_COLOR', 'FORCE_COLOR', 'NODE_DISABLE_COLORS', 'COLORTERM', 'CI', 'TMUX'])
      vi.stubEnv(name, undefined);
    for (const [name, value] of Object.entries({ TERM: 'xterm-256color', ...env })) vi.stubEnv(name, value);
    const [stdout, stderr] = [new Terminal(), new Terminal()];
    const made = createOutput(stdout, stderr, 'text');
    made.list({ name: 'things', items: [['a', 'b']], headers: ['A', 'B'], row: (cells) => cells });
    made.failure(new UsageError('No.'));
    if (painted)
      expect(stdout.text).toBe('\u001b[1mA\u001b[22m  \u001b[1mB\u001b[22m\n\u001b[36ma\u001b[39m  b\n');
    else expect(stdout.text).toBe('A  B\na  b\n');
    expect(stderr.text).toBe(painted ? '\u001b[31mschub:\u001b[39m No.\n' : 'schub: No.\n');
  });
});

describe('a listing', () => {
  const listing = {
    ...{ name: 'things', items: [{ id: 1 }, { id: 2 }], headers: ['ID'], more: { has_more: true } },
    row: ({ id }: { id: number }) => [String(id)],
  };
  const listed = (format: 'text' | 'json' | 'ndjson'): string => {
    let text = '';
    const sink = { write: (said: string) => (text += said) };
    createOutput(sink, sink, format).list(listing);
    return text;
  };

  it('is one document, a document on each line, or rows', () => {
    expect(JSON.parse(listed('json'))).toEqual({ has_more: true, things: [{ id: 1 }, { id: 2 }] });
    expect(listed('ndjson')).toBe('{"id":1}\n{"id":2}\n');
    expect(listed('text')).toBe('1\n2\n');
  });
});
