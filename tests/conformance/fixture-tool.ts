/** What the tools of the conformance suite's fixture have in common. */
import type { JsonSchema } from '../../src/mcp/surface.ts';
import type {
  InputRequired,
  RichContent,
  RichCtx,
  RichToolDescriptor,
  RichToolResult,
} from '../../src/mcp/engines/rich-surface.ts';

export interface FixtureTool {
  readonly descriptor: RichToolDescriptor;
  readonly run: (
    ctx: RichCtx,
    args: Readonly<Record<string, unknown>>,
  ) => Promise<RichToolResult | InputRequired>;
}

/** A tool, with the schema of its arguments if it takes any. */
export function tool(name: string, run: FixtureTool['run'], inputSchema?: JsonSchema): FixtureTool {
  return {
    descriptor: {
      name,
      title: name,
      description: `The conformance suite's tool ${name}.`,
      inputSchema: inputSchema ?? { type: 'object', properties: {}, additionalProperties: false },
      annotations: { readOnlyHint: true },
    },
    run,
  };
}

export function answer(...content: readonly RichContent[]): RichToolResult {
  return { content };
}

export function text(value: string): RichContent {
  return { type: 'text', text: value };
}

/** A tool that always answers the same. */
export function constant(name: string, ...content: readonly RichContent[]): FixtureTool {
  return tool(name, () => Promise.resolve(answer(...content)));
}

/** A schema of strings, all of them required. */
export function strings(...names: readonly string[]): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    required: names,
  };
}
