/** Whether plugins can be loaded, without a hub. */
import { Worker } from 'node:worker_threads';
import { asError } from '../lib/as-error.ts';
import type { InspectPlugins, PluginReport } from './inspect-thread.ts';

/** As their top level may not end, or end the process. */
const WITHIN_MS = 15_000;
const THREAD_FILE = import.meta.url.endsWith('.ts') ? './inspect-thread.ts' : './inspect-thread.js';

/** All that would keep the hub from starting with these plugins. What they print is not seen. */
export async function inspectPluginsApart(sources: InspectPlugins): Promise<PluginReport> {
  const worker = new Worker(new URL(THREAD_FILE, import.meta.url), {
    ...{ workerData: sources, stdout: true, stderr: true },
  });
  const { promise, resolve } = Promise.withResolvers<PluginReport>();
  const failed = (message: string): void => {
    resolve({ plugins: [], problems: [{ of: 'set', message }] });
  };
  const late = setTimeout(failed, WITHIN_MS, `Loading the plugins takes more than ${WITHIN_MS / 1000} s.`);
  worker.on('message', resolve);
  worker.on('error', (error: unknown) => {
    failed(`A plugin fails after it was loaded: ${asError(error).message.split('\n')[0] ?? ''}.`);
  });
  worker.on('exit', () =>
    failed('A plugin ends the process when it is loaded, or waits for what never comes.'),
  );
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    await worker.terminate();
  }
}
