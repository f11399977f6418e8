/** How the leak matrix knocks at the doors of a plugin (`leak-plugin.mjs`). */
import path from 'node:path';
import { toolsOf, type Ask } from './leak-cast.ts';
import { places, probe, type DoorRow } from './leak-rows.ts';

export const LEAK_PLUGIN = path.join(import.meta.dirname, 'leak-plugin.mjs');

const read = (uri: string): Ask => ({ method: 'resources/read', params: { uri } });
const prompt = (session_id: string): Ask => ({
  method: 'prompts/get',
  params: { name: 'digest', arguments: { session_id } },
});

export const PLUGIN_ROWS: readonly DoorRow[] = [
  {
    covers: 'tool:read_digest',
    shows: true,
    asks: (world) => toolsOf('read_digest', ...places(world).map((session_id) => ({ session_id }))),
    probes: [probe('session', (session_id) => ({ tool: 'read_digest', args: { session_id } }))],
  },
  {
    covers: 'resource:digest://{session_id}',
    shows: true,
    asks: (world) => places(world).map((id) => read(`digest://${id}`)),
    probes: [probe('session', (id) => read(`digest://${id}`))],
  },
  { covers: 'resource:digest://operators', shows: true, asks: () => [read('digest://operators')] },
  {
    covers: 'prompt:digest',
    shows: true,
    asks: (world) => places(world).map(prompt),
    probes: [probe('session', prompt)],
  },
];
