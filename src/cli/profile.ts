/** `schub profile`: has the running hub watched, and writes down what its processor time went to. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { systemReason } from '../lib/system-error.ts';
import type { HubClient } from './client.ts';
import { CliError, EXIT, type Output } from './output.ts';

export interface ProfileDeps {
  readonly client: HubClient;
  readonly output: Output;
  readonly seconds: number;
  /** Undefined: a new one in the working folder. */
  readonly out: string | undefined;
  readonly signal: AbortSignal;
}

/** Answers the exit code. @throws CliError if the hub or the file cannot do it. */
export async function takeProfile({ client, output, seconds, out, signal }: ProfileDeps): Promise<number> {
  const file = out ?? `hub-${new Date().toISOString().replace(/[:.]/g, '-')}.cpuprofile`;
  if (existsSync(file))
    throw new CliError(EXIT.usage, `${file} exists already; name another file, or move that one away.`);
  const options = { method: 'POST', query: { seconds }, signal };
  const profile = await (await client.send('/api/v1/admin/profile', options)).text();
  await writeFile(file, profile, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    throw new CliError(EXIT.usage, `${file} cannot be written: ${systemReason(error)}.`, { cause: error });
  });
  if (output.json) output.document({ file, seconds, bytes: Buffer.byteLength(profile) });
  else
    output.line(
      `${file} tells of ${seconds} s; open it in the developer tools of a browser, or in an editor.`,
    );
  return EXIT.ok;
}
