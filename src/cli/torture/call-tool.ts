/** Tool calls as single HTTP requests, and what became of them, be the hub there or not. */
import { z } from 'zod';
import { toolRequest } from '../tool-request.ts';

export type Answer =
  | { readonly is: 'success'; readonly value: Readonly<Record<string, unknown>> }
  /** A refusal that says what happened: an error object. */
  | { readonly is: 'refusal'; readonly code: string; readonly error: Readonly<Record<string, unknown>> }
  /** No answer, or half of one: whatever was asked may have been done. */
  | { readonly is: 'unknown'; readonly why: string };

/** Calls a tool of the hub at `url` as `agent`. Never throws. */
export type CallTool = (
  url: string,
  agent: string,
  tool: string,
  args: Readonly<Record<string, unknown>>,
) => Promise<Answer>;

const CLIENT = { name: 'ledger', version: '1' };

const objectSchema = z.record(z.string(), z.unknown());
const bodySchema = z.looseObject({
  result: z
    .looseObject({
      isError: z.boolean().optional(),
      structuredContent: objectSchema.optional(),
      content: z.array(z.looseObject({ text: z.string() })),
    })
    .optional(),
});

/** All calls carry `key`. */
export function toolCaller(key: string): CallTool {
  return async (url, agent, tool, args) => {
    const { accept, headers, json } = toolRequest({ tool, args, agent, client: CLIENT });
    try {
      const response = await fetch(`${url}/mcp`, {
        method: 'POST',
        headers: {
          ...{ ...headers, Accept: accept, Authorization: `Bearer ${key}` },
          'Content-Type': 'application/json',
        },
        body: JSON.stringify(json),
      });
      return answerOf(response.status, await response.text());
    } catch (error) {
      return { is: 'unknown', why: String((error as Error).cause ?? error) };
    }
  };
}

function answerOf(status: number, text: string): Answer {
  const body = bodySchema.parse(JSON.parse(text));
  const { result } = body;
  if (result?.structuredContent !== undefined && result.isError !== true) {
    return { is: 'success', value: result.structuredContent };
  }
  const error = result === undefined ? body : objectSchema.parse(JSON.parse(result.content[0]?.text ?? '{}'));
  const code = error['code'];
  return { is: 'refusal', code: typeof code === 'string' ? code : `HTTP ${String(status)}`, error };
}

/** What a call that must succeed answers. @throws Error if it does not */
export function successOf(tool: string, answer: Answer): Readonly<Record<string, unknown>> {
  if (answer.is === 'success') return answer.value;
  throw new Error(`${tool}: ${JSON.stringify(answer)}`);
}
