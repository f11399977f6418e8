/** `schub connect --print`: what would stand in the files, to be pasted by hand. Makes no key and needs no hub. */
import type { LoadedConfig } from '../../config/config.ts';
import { listeningUrl } from '../../config/host.ts';
import { findHub } from '../find-hub.ts';
import { EXIT, type Output } from '../output.ts';
import { SYNTAXES } from '../../features/connect/syntax.ts';
import { type Target, wantedAgentId } from './target.ts';
import type { Place } from '../../features/connect/clients.ts';

/** In the place of a key, where a file must hold the key itself. */
const YOUR_KEY = 'YOUR_KEY';

export async function printEntries(
  output: Output,
  targets: readonly Target[],
  loaded: LoadedConfig,
  place: Place,
): Promise<number> {
  const url = await addressOf(loaded);
  const entries = targets.map((target) => {
    const agentId = wantedAgentId(target.client, target.scope, place);
    const content = SYNTAXES[target.syntax].edit('', target.edits({ url, key: YOUR_KEY, agentId }));
    const { client, scope, kind, path: file, variable } = target;
    return { client: client.id, scope, kind, file, ...(variable === undefined ? {} : { variable }), content };
  });
  if (output.json) output.document({ entries });
  else {
    for (const { client, file, content } of entries) {
      output.note(`${client}: ${file}`);
      output.line(content);
    }
    const names = entries.flatMap(({ variable }) => variable ?? []);
    const kept =
      names.length > 0 ? ` as ${names.join(', ')} in the environment` : ` in the place of ${YOUR_KEY}`;
    output.note(`Make a key for each with "schub keys create <name>", and put it${kept}.`);
  }
  return EXIT.ok;
}

/** Where the hub runs, or would run. */
async function addressOf({ config, client }: LoadedConfig): Promise<string> {
  const running = client.url ?? (await findHub(config.dataDir))?.url;
  return running ?? config.http.publicUrl ?? listeningUrl(config.http);
}
