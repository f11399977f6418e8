/** An agent that calls tools of the hub over MCP, as a client of revision 2026-07-28 does. */
import { z } from 'zod';
import { ERRORS, type ErrorCode, type ErrorObject } from '../../errors.ts';
import { maskSecrets } from '../../lib/mask-secrets.ts';
import type { HubClient } from '../client.ts';
import { CliError, EXIT } from '../output.ts';
import { toolRequest } from '../tool-request.ts';

export interface DemoAgent {
  readonly id: string;
  /** Calls a tool and answers its result. @throws CliError if the hub does not answer, or refuses. */
  call<T extends z.ZodType>(tool: string, args: object, result: T): Promise<z.infer<T>>;
}

export interface AgentDeps {
  readonly client: HubClient;
  readonly id: string;
  readonly type: string;
  readonly version: string;
  readonly signal: AbortSignal;
}

const answerSchema = z.object({
  result: z
    .looseObject({
      isError: z.boolean().optional(),
      structuredContent: z.unknown().optional(),
      content: z.array(z.looseObject({ text: z.string().optional() })).optional(),
    })
    .optional(),
  error: z.looseObject({ message: z.string() }).optional(),
});
const errorSchema = z.looseObject({ success: z.literal(false), error: z.string(), code: z.string() });

export function createDemoAgent({ client, id, type, version, signal }: AgentDeps): DemoAgent {
  let calls = 0;
  return {
    id,
    async call(tool, args, result) {
      const request = toolRequest({
        ...{ tool, args, agent: id, agentType: type, id: ++calls },
        client: { name: 'schub demo', version },
      });
      const { result: answer, error } = await client.read(answerSchema, '/mcp', { ...request, signal });
      if (answer?.isError === true) throw refusal(answer.content?.[0]?.text ?? '');
      const parsed = result.safeParse(answer?.structuredContent);
      if (parsed.success) return parsed.data;
      throw new CliError(
        EXIT.failure,
        `${tool} answers ${error?.message ?? 'what this schub does not know'}.`,
      );
    },
  };
}

/** A tool's error is the error object as text. */
function refusal(text: string): CliError {
  const { data } = errorSchema.safeParse(JSON.parse(text));
  if (data === undefined) return new CliError(EXIT.failure, maskSecrets(text));
  const exit = Object.hasOwn(ERRORS, data.code) ? ERRORS[data.code as ErrorCode].exit : EXIT.failure;
  return new CliError(exit, data.error, { answer: data as unknown as ErrorObject });
}
