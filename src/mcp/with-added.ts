/** Resources and prompts besides the hub's own, under the same permissions and checks. */
import { may, type Ctx, type Permission, type Principal } from '../context.ts';
import { invalid } from '../errors.ts';
import { demand } from '../features/permissions.ts';
import { answerFits } from './budget.ts';
import { answerTooLarge } from './call-tool.ts';
import { decodeId } from './resource-keys.ts';
import type {
  McpSurface,
  PromptDescriptor,
  ResourceDescriptor,
  ResourceTemplateDescriptor,
} from './surface.ts';

/** The parts of a surface that more can be added to; nothing is counted or audited here. */
export interface SurfaceParts {
  readonly resources: (principal: Principal) => readonly ResourceDescriptor[];
  readonly templates: (principal: Principal) => readonly ResourceTemplateDescriptor[];
  readonly read: McpSurface['readResource'];
  readonly watch: NonNullable<McpSurface['watchResource']>;
  readonly prompts: (principal: Principal) => readonly PromptDescriptor[];
  readonly prompt: McpSurface['getPrompt'];
  readonly complete: McpSurface['complete'];
}

export interface AddedResource {
  /** With `uriTemplate` where its address has parts that vary. */
  readonly descriptor: ResourceDescriptor | ResourceTemplateDescriptor;
  /** What its readers need. */
  readonly permission: Permission;
  read(ctx: Ctx, params: Readonly<Record<string, string>>): Promise<string>;
}

export interface AddedPrompt {
  readonly descriptor: PromptDescriptor;
  render(ctx: Ctx, args: Readonly<Record<string, string>>): Promise<string>;
}

export interface Added {
  readonly resources: readonly AddedResource[];
  readonly prompts: readonly AddedPrompt[];
  readonly maxResponseBytes: number;
}

export function withAdded(own: SurfaceParts, added: Added): SurfaceParts {
  // A whole address goes before those with parts that it could stand for.
  const resources = added.resources
    .toSorted((a, b) => Number('uri' in b.descriptor) - Number('uri' in a.descriptor))
    .map((resource) => ({ ...resource, match: matcher(resource.descriptor) }));
  const prompts = new Map(added.prompts.map((prompt) => [prompt.descriptor.name, prompt]));
  const seenBy = (principal: Principal) =>
    resources.filter(({ permission }) => may(principal, permission)).map(({ descriptor }) => descriptor);

  function find(uri: string) {
    for (const resource of resources) {
      const params = resource.match(uri);
      if (params !== undefined) return { resource, params };
    }
    return undefined;
  }

  return {
    resources: (principal) => [
      ...own.resources(principal),
      ...seenBy(principal).filter((descriptor) => 'uri' in descriptor),
    ],
    templates: (principal) => [
      ...own.templates(principal),
      ...seenBy(principal).filter((descriptor) => 'uriTemplate' in descriptor),
    ],
    async read(ctx, uri) {
      const found = find(uri);
      if (found === undefined) return own.read(ctx, uri);
      const { resource, params } = found;
      demand(ctx, resource.permission);
      const text = await resource.read(ctx, params);
      if (!answerFits(JSON.stringify(text), added.maxResponseBytes))
        throw answerTooLarge(added.maxResponseBytes);
      return { uri, mimeType: resource.descriptor.mimeType, text };
    },
    async watch(ctx, uri) {
      const found = find(uri);
      if (found === undefined) return own.watch(ctx, uri);
      demand(ctx, found.resource.permission);
      throw invalid('uri', uri, 'a resource of the hub itself: those of plugins do not tell of changes');
    },
    prompts: (principal) => [...own.prompts(principal), ...added.prompts.map(({ descriptor }) => descriptor)],
    async prompt(ctx, name, args) {
      const found = prompts.get(name);
      if (found === undefined) return own.prompt(ctx, name, args);
      demandArguments(found.descriptor, args);
      const { description } = found.descriptor;
      const text = await found.render(ctx, args);
      return { description, messages: [{ role: 'user', content: { type: 'text', text } }] };
    },
    async complete(ctx, request) {
      const { ref } = request;
      const isAdded =
        ref.type === 'prompt'
          ? prompts.has(ref.name)
          : resources.some(
              ({ descriptor }) => 'uriTemplate' in descriptor && descriptor.uriTemplate === ref.uri,
            );
      return isAdded ? [] : own.complete(ctx, request);
    },
  };
}

/** `{name}` stands for a part without a slash. */
function matcher(descriptor: AddedResource['descriptor']) {
  if ('uri' in descriptor) return (uri: string) => (uri === descriptor.uri ? {} : undefined);
  const source = descriptor.uriTemplate
    .split(/(\{\w+\})/)
    .map((part) =>
      /^\{\w+\}$/.test(part) ? `(?<${part.slice(1, -1)}>[^/]+)` : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('');
  const pattern = new RegExp(`^${source}$`);
  return (uri: string): Readonly<Record<string, string>> | undefined => {
    const groups = pattern.exec(uri)?.groups;
    return groups && Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decodeId(text)]));
  };
}

/** @throws HubError INVALID_INPUT */
function demandArguments(
  { arguments: known }: PromptDescriptor,
  args: Readonly<Record<string, string>>,
): void {
  const names = known.map(({ name }) => name);
  const foreign = Object.keys(args).find((name) => !names.includes(name));
  if (foreign !== undefined)
    throw invalid(foreign, args[foreign], `no argument but ${names.join(', ') || 'none'}`);
  const missing = known.find(({ name, required }) => required && (args[name] ?? '').trim() === '');
  if (missing !== undefined) throw invalid(missing.name, args[missing.name], missing.description);
}
