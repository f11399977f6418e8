/** What the conformance suite wants to find on a server, on the engines of the hub. */
import type { McpEngines } from '../../src/mcp/engines/engines.ts';
import type { RichContent, RichPromptResult, RichSurface } from '../../src/mcp/engines/rich-surface.ts';
import { isRecord } from '../../src/mcp/engines/rpc.ts';
import { type PromptDescriptor, UnknownName } from '../../src/mcp/surface.ts';
import { askingTools } from './fixture-questions.ts';
import { contextForm, filledIn, required, roundTools } from './fixture-rounds.ts';
import { text } from './fixture-tool.ts';
import { plainTools, PNG } from './fixture-tools.ts';

const RESOURCES = [
  { uri: 'test://static-text', mimeType: 'text/plain' },
  { uri: 'test://static-binary', mimeType: 'image/png' },
  { uri: 'test://watched-resource', mimeType: 'text/plain' },
].map((resource) => ({
  ...resource,
  name: resource.uri,
  title: resource.uri,
  description: 'A fixed resource.',
}));

const TEMPLATE = {
  uriTemplate: 'test://template/{id}/data',
  name: 'template',
  title: 'Template',
  description: 'A resource with an id.',
  mimeType: 'application/json',
};

const PROMPTS: readonly PromptDescriptor[] = Object.entries({
  test_simple_prompt: [],
  test_prompt_with_arguments: ['arg1', 'arg2'],
  test_prompt_with_embedded_resource: ['resourceUri'],
  test_prompt_with_image: [],
  test_input_required_result_prompt: [],
}).map(([name, names]) => ({
  name,
  title: name,
  description: `The conformance suite's prompt ${name}.`,
  arguments: names.map((argument) => ({ name: argument, description: argument, required: true })),
}));

function said(...content: readonly RichContent[]): RichPromptResult {
  return {
    description: 'A prompt.',
    messages: content.map((part) => ({ role: 'user', content: part })),
  };
}

/** @throws UnknownName. */
function read(uri: string) {
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id !== undefined) {
    const data = { id, templateTest: true, data: `Data for ID: ${id}` };
    return { uri, mimeType: 'application/json', text: JSON.stringify(data) };
  }
  if (uri === 'test://static-binary') return { uri, mimeType: 'image/png', blob: PNG };
  if (!RESOURCES.some((resource) => resource.uri === uri)) throw new UnknownName(uri);
  return { uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' };
}

export function createConformanceSurface(announce: McpEngines['announce']): RichSurface {
  const tools = [...plainTools(announce), ...askingTools, ...roundTools];
  const listed = tools.map(({ descriptor }) => descriptor);
  return {
    serverInfo: { name: 'conformance-fixture', title: 'Conformance fixture', version: '1.0.0' },
    instructions: 'A fixture for the conformance suite.',
    announces: ['tools', 'resources', 'prompts'],
    logs: true,
    asks: true,
    listTools: () => listed,
    async callTool(ctx, name, args) {
      const found = tools.find(({ descriptor }) => descriptor.name === name);
      if (found === undefined) throw new UnknownName(name);
      return found.run(ctx, isRecord(args) ? args : {});
    },
    listResources: () => RESOURCES,
    listResourceTemplates: () => [TEMPLATE],
    readResource: async (_ctx, uri) => read(uri),
    async watchResource(_ctx, uri) {
      read(uri);
    },
    listPrompts: () => PROMPTS,
    async getPrompt(ctx, name, args) {
      switch (name) {
        case 'test_simple_prompt':
          return said(text('This is a simple prompt for testing.'));
        case 'test_prompt_with_arguments': {
          const { arg1 = '', arg2 = '' } = args;
          return said(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`));
        }
        case 'test_prompt_with_embedded_resource': {
          const uri = args['resourceUri'] ?? '';
          const resource = { uri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' };
          return said({ type: 'resource', resource }, text('Please process the embedded resource above.'));
        }
        case 'test_prompt_with_image':
          return said(
            { type: 'image', data: PNG, mimeType: 'image/png' },
            text('Please analyze the image above.'),
          );
        case 'test_input_required_result_prompt': {
          const context = filledIn(ctx, 'user_context', 'context');
          return context === undefined ? required(contextForm) : said(text(`In ${context}.`));
        }
        default:
          throw new UnknownName(name);
      }
    },
    complete: async (_ctx, { value }) => ['paris', 'park', 'party'].filter((word) => word.startsWith(value)),
  };
}
