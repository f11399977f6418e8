/** The hub that runs on a data folder. */
import { dataFiles } from '../config/paths.ts';
import { probeHub } from '../http/probe.ts';
import type { RuntimeInfo } from '../lib/runtime-file.ts';
import { readRuntimeFile } from '../lib/runtime-file.ts';
import { trustCertificate } from '../lib/trust-certificate.ts';

/** Of a hub on a machine that is busy; where nobody listens, the answer comes at once. */
const PROBE_MS = 10_000;

/** What the runtime file says, if the hub it names answers; its certificate is trusted, whoever has signed it. */
export async function findHub(dataDir: string): Promise<RuntimeInfo | undefined> {
  const info = await readRuntimeFile(dataFiles.runtime(dataDir));
  if (info?.certificate !== undefined) trustCertificate(info.certificate);
  if (info === undefined || (await probeHub(info.url, PROBE_MS)) === undefined) return undefined;
  return info;
}
