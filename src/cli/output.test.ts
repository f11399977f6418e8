import { describe, expect, it } from 'vitest';
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
