/** `hub.json` of the data folder: which hub runs and where it answers, for the command line. */
import { readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { replaceFile } from './private-file.ts';

const runtimeSchema = z.object({
  pid: z.int().positive(),
  url: z.url(),
  version: z.string(),
  started_at: z.iso.datetime(),
  /** The file of its certificate, where it does TLS itself. */
  certificate: z.string().optional(),
});

export type RuntimeInfo = Readonly<z.output<typeof runtimeSchema>>;

/** Tells others where this hub runs. */
export async function writeRuntimeFile(file: string, info: RuntimeInfo): Promise<void> {
  await replaceFile(file, `${JSON.stringify(info)}\n`);
}

/** What the file says; undefined if there is none or it makes no sense. The hub it names may have died since. */
export async function readRuntimeFile(file: string): Promise<RuntimeInfo | undefined> {
  try {
    return runtimeSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Removes the file if it speaks of this process; another hub may have written its own by now. */
export async function removeRuntimeFile(file: string, pid: number): Promise<void> {
  const info = await readRuntimeFile(file);
  if (info?.pid === pid) await rm(file, { force: true });
}
