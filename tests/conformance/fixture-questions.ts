/** Tools of the conformance suite's fixture that ask their client while they run: revisions up to 2025-11-25. */
import {
  CreateMessageResultSchema,
  type ElicitRequestFormParams,
  ElicitResultSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { RichCtx } from '../../src/mcp/engines/rich-surface.ts';
import { answer, type FixtureTool, strings, text, tool } from './fixture-tool.ts';

type Fields = ElicitRequestFormParams['requestedSchema']['properties'];

const CHOICES = ['option1', 'option2', 'option3'];
const TITLED = [1, 2, 3].map((n) => ({ const: `value${String(n)}`, title: `Choice ${String(n)}` }));

const DEFAULTS: Fields = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
};

const ENUMS: Fields = {
  untitledSingle: { type: 'string', enum: CHOICES },
  titledSingle: { type: 'string', oneOf: TITLED },
  legacyEnum: {
    type: 'string',
    enum: ['opt1', 'opt2', 'opt3'],
    enumNames: ['Option One', 'Option Two', 'Option Three'],
  },
  untitledMulti: { type: 'array', items: { type: 'string', enum: CHOICES } },
  titledMulti: { type: 'array', items: { anyOf: TITLED } },
};

async function elicit({ client }: RichCtx, message: string, properties: Fields, required: string[] = []) {
  if (client.sdk.era !== '2025') throw new Error('this revision has no questions under way');
  const requestedSchema = { type: 'object' as const, properties, required };
  const params = { message, requestedSchema };
  return client.sdk.extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema);
}

function elicitation(name: string, properties: Fields): FixtureTool {
  return tool(name, async (ctx) => {
    const { action, content } = await elicit(ctx, 'Please fill in the form.', properties);
    return answer(text(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`));
  });
}

export const askingTools: readonly FixtureTool[] = [
  tool(
    'test_sampling',
    async ({ client }, { prompt }) => {
      if (client.sdk.era !== '2025') throw new Error('this revision has no questions under way');
      const content = { type: 'text' as const, text: String(prompt) };
      const params = { messages: [{ role: 'user' as const, content }], maxTokens: 100 };
      const sampled = await client.sdk.extra.sendRequest(
        { method: 'sampling/createMessage', params },
        CreateMessageResultSchema,
      );
      const said = sampled.content.type === 'text' ? sampled.content.text : sampled.content.type;
      return answer(text(`LLM response: ${said}`));
    },
    strings('prompt'),
  ),
  tool(
    'test_elicitation',
    async (ctx, { message }) => {
      const described = (description: string) => ({ type: 'string' as const, description });
      const fields = { username: described("User's response"), email: described("User's email address") };
      const given = await elicit(ctx, String(message), fields, ['username', 'email']);
      return answer(text(`User response: ${JSON.stringify(given)}`));
    },
    strings('message'),
  ),
  elicitation('test_elicitation_sep1034_defaults', DEFAULTS),
  elicitation('test_elicitation_sep1330_enums', ENUMS),
];
