/** A hub of this process, in a folder that goes with it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createConfig } from '../../config/config.ts';
import { loadSecrets } from '../../config/secrets.ts';
import type { createHub } from '../../hub.ts';
import { listen } from '../../http/server.ts';
import { createLogger } from '../../telemetry/log.ts';

export interface ScratchHub extends AsyncDisposable {
  readonly url: string;
  readonly apiKey: string;
}

/** @throws StartError if it cannot start. */
export async function startScratchHub(create: typeof createHub, version: string): Promise<ScratchHub> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'schub-demo-'));
  const remove = (): Promise<void> => rm(dataDir, { recursive: true, force: true });
  try {
    const sources = { env: {}, dotenv: null, dataDir, cwd: dataDir, terminal: false };
    const config = createConfig({ ...sources, flags: { HTTP_PORT: '0', LOG_LEVEL: 'silent' } });
    const { secrets } = await loadSecrets(dataDir, { apiKey: null, adminApiKey: null, jwtSecretKey: null });
    const log = createLogger(config.log);
    const hub = await create(config, secrets, { log, version });
    const { host, port } = config.http;
    const listener = await listen(hub.app, { host, port, log });
    hub.announce(listener.url);
    return {
      url: listener.url,
      apiKey: secrets.apiKey,
      async [Symbol.asyncDispose]() {
        hub.endWaits();
        await listener.close(0);
        await hub.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
