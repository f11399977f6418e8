/** Tools and a prompt of the conformance suite's fixture that need input first: the rounds of revision 2026-07-28. */
import { CLIENT_CAPABILITIES_META_KEY } from '@modelcontextprotocol/server';
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { InputRequired, RichCtx } from '../../src/mcp/engines/rich-surface.ts';
import { INVALID_PARAMS, isRecord, RpcError } from '../../src/mcp/engines/rpc.ts';
import { answer, type FixtureTool, text, tool } from './fixture-tool.ts';

type Requests = InputRequired['inputRequests'];

const SECRET = randomBytes(32);

function form(message: string, field: string, type = 'string') {
  const requestedSchema = { type: 'object', properties: { [field]: { type } }, required: [field] };
  return { method: 'elicitation/create', params: { message, requestedSchema } };
}

function sample(prompt: string) {
  const messages = [{ role: 'user', content: { type: 'text', text: prompt } }];
  return { method: 'sampling/createMessage', params: { messages, maxTokens: 100 } };
}

const ROOTS = { method: 'roots/list', params: {} };

/** What the client has sent with this round. */
function round({ client }: RichCtx) {
  if (client.sdk.era !== '2026' || client.sdk.context === undefined)
    throw new Error('this revision has no rounds');
  const { inputResponses, requestState, envelope } = client.sdk.context.mcpReq;
  const responses: Readonly<Record<string, unknown>> = inputResponses ?? {};
  const declared = isRecord(envelope) ? envelope[CLIENT_CAPABILITIES_META_KEY] : undefined;
  return { responses, state: requestState(), declared: isRecord(declared) ? declared : {} };
}

export function required(inputRequests: Requests, requestState?: string): InputRequired {
  return {
    resultType: 'input_required',
    inputRequests,
    ...(requestState === undefined ? {} : { requestState }),
  };
}

/** What the user filled into a field. */
export function filledIn(ctx: RichCtx, key: string, field: string): string | undefined {
  const response = round(ctx).responses[key];
  const value = isRecord(response) && isRecord(response['content']) ? response['content'][field] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** State that only this process can have made. */
function seal(state: object): string {
  const data = Buffer.from(JSON.stringify(state)).toString('base64url');
  return `${data}.${createHmac('sha256', SECRET).update(data).digest('base64url')}`;
}

/** @throws RpcError −32602 for what {@link seal} did not make. */
function unseal(sealed: unknown): Readonly<Record<string, unknown>> {
  const [data = '', mac = ''] = String(sealed).split('.');
  const expected = createHmac('sha256', SECRET).update(data).digest('base64url');
  const same = mac.length === expected.length && timingSafeEqual(Buffer.from(mac), Buffer.from(expected));
  if (!same) throw new RpcError(INVALID_PARAMS, 'requestState integrity check failed');
  return JSON.parse(Buffer.from(data, 'base64url').toString()) as Record<string, unknown>;
}

/** Asks for all of `requests` until each has been answered. */
function asks(name: string, requests: Requests, done: (ctx: RichCtx) => string): FixtureTool {
  return tool(name, (ctx) => {
    const { responses } = round(ctx);
    const missing = Object.keys(requests).some((key) => !isRecord(responses[key]));
    return Promise.resolve(missing ? required(requests) : answer(text(done(ctx))));
  });
}

/** The same with state, which must come back unharmed. */
function asksWithState(name: string, requests: Requests, done: string): FixtureTool {
  return tool(name, (ctx) => {
    const { responses, state } = round(ctx);
    if (state !== undefined) unseal(state);
    const missing = state === undefined || Object.keys(requests).some((key) => !isRecord(responses[key]));
    return Promise.resolve(missing ? required(requests, seal({ name })) : answer(text(done)));
  });
}

const CONFIRM = { confirm: form('Please confirm', 'ok', 'boolean') };
const STEP_1 = { step1: form('Step 1: What is your name?', 'name') };
const STEP_2 = { step2: form('Step 2: What is your favorite color?', 'color') };

export const roundTools: readonly FixtureTool[] = [
  asks(
    'test_input_required_result_elicitation',
    { user_name: form('What is your name?', 'name') },
    (ctx) => `Hello, ${filledIn(ctx, 'user_name', 'name') ?? 'stranger'}!`,
  ),
  asks(
    'test_input_required_result_sampling',
    { capital_question: sample('What is the capital of France?') },
    (ctx) => JSON.stringify(round(ctx).responses['capital_question']),
  ),
  asks('test_input_required_result_list_roots', { client_roots: ROOTS }, (ctx) =>
    JSON.stringify(round(ctx).responses['client_roots']),
  ),
  asksWithState('test_input_required_result_request_state', CONFIRM, 'state-ok'),
  asksWithState('test_input_required_result_tampered_state', CONFIRM, 'integrity-ok'),
  asksWithState(
    'test_input_required_result_multiple_inputs',
    {
      user_name: form('What is your name?', 'name'),
      greeting: sample('Generate a greeting'),
      client_roots: ROOTS,
    },
    'all inputs received',
  ),
  tool('test_input_required_result_multi_round', (ctx) => {
    const { state } = round(ctx);
    const said = state === undefined ? {} : unseal(state);
    const name = typeof said['name'] === 'string' ? said['name'] : filledIn(ctx, 'step1', 'name');
    const color = filledIn(ctx, 'step2', 'color');
    if (state === undefined || name === undefined)
      return Promise.resolve(required(STEP_1, seal({ round: 1 })));
    if (color === undefined) return Promise.resolve(required(STEP_2, seal({ round: 2, name })));
    return Promise.resolve(answer(text(`${name} likes ${color}.`)));
  }),
  tool('test_input_required_result_capabilities', (ctx) => {
    const { declared, responses } = round(ctx);
    if (Object.keys(responses).length > 0) return Promise.resolve(answer(text('capabilities-ok')));
    const requests: Requests = {
      ...('elicitation' in declared ? { elicit_input: form('Elicitation input', 'value') } : {}),
      ...('sampling' in declared ? { sample_input: sample('Sample request') } : {}),
    };
    return Promise.resolve(
      Object.keys(requests).length === 0 ? answer(text('no capabilities')) : required(requests),
    );
  }),
  tool('test_streaming_elicitation', async (ctx) => {
    await ctx.client.progress(50, 100);
    if (filledIn(ctx, 'value', 'value') !== undefined) return answer(text('Streaming complete'));
    return required({ value: form('Which value?', 'value') });
  }),
];

export const contextForm = { user_context: form('What context should the prompt use?', 'context') };
