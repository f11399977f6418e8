/** Tool calls as single HTTP requests to the hubs of fault tests, and what became of them. */
import { successOf, toolCaller } from '../../src/cli/torture/call-tool.ts';
import { HUB_KEY } from './hub-process.ts';

export type { Answer } from '../../src/cli/torture/call-tool.ts';

export const callTool = toolCaller(HUB_KEY);

/** As {@link callTool}, for what must succeed. */
export async function mustCall(
  ...call: Parameters<typeof callTool>
): Promise<Readonly<Record<string, unknown>>> {
  return successOf(call[2], await callTool(...call));
}
