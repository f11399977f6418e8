/** One question to the hub, within a time. */
import { readFileSync } from 'node:fs';
import { request as overHttp } from 'node:http';
import type { SecureContextOptions } from 'node:tls';
import type { HookLink } from './link.ts';

const MAX_ANSWER = 64 * 1024;

/** What the hub wants to be told; undefined: nothing, or there was no such answer. Never fails. */
export async function askHub(
  { url, key, agent, certificate }: HookLink,
  question: object,
  signal: AbortSignal,
): Promise<string | undefined> {
  // Loaded where it is needed: it takes a while.
  const send = url.startsWith('https:') ? (await import('node:https')).request : overHttp;
  const body = JSON.stringify(question);
  const headers = {
    Authorization: `Bearer ${key}`,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    ...(agent === undefined ? {} : { 'X-Agent-Id': agent }),
  };
  return new Promise((resolve) => {
    const nothing = (): void => resolve(undefined);
    const sent = send(
      `${url}/api/v1/hooks/claude`,
      { method: 'POST', headers, signal, agent: false, ...believing(certificate) },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > MAX_ANSWER) sent.destroy();
        });
        answer.on('error', nothing).on('close', nothing);
        answer.on('end', () => resolve(answer.statusCode === 200 ? textOf(text) : undefined));
      },
    );
    sent.on('error', nothing).on('close', nothing);
    sent.end(body);
  });
}

/** The certificate of the hub of one's own data folder is believed by itself, which is quicker than to load all others. */
function believing(file: string | undefined): SecureContextOptions {
  try {
    return file === undefined ? {} : { ca: readFileSync(file), allowPartialTrustChain: true };
  } catch {
    return {};
  }
}

function textOf(answer: string): string | undefined {
  try {
    const { text } = JSON.parse(answer) as { readonly text?: unknown };
    return typeof text === 'string' && text !== '' ? text : undefined;
  } catch {
    return undefined;
  }
}
