/** The package as users get it: packed, and installed from its tarball into an empty folder. */
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { npm } from './scratch-install.ts';

const ROOT = join(import.meta.dirname, '..');
/** No part of the sources. */
const LEFT_OUT = ['.git', '.node', 'coverage', 'dist', 'node_modules'];
const TIMEOUT_MS = 300_000;

const packedSchema = z
  .array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string(), size: z.number() })) }))
  .length(1)
  .transform(([packed]) => packed);

export interface Packed {
  readonly tarball: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** Builds and packs a copy of this checkout below `folder`, as `npm publish` would. */
export async function pack(folder: string): Promise<Packed> {
  const copy = join(folder, 'checkout');
  cpSync(ROOT, copy, {
    recursive: true,
    filter: (file) => !LEFT_OUT.some((name) => file === join(ROOT, name)),
  });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const said = await npm(['pack', '--json', '--loglevel=error'], copy, TIMEOUT_MS);
  const { filename, files } = packedSchema.parse(JSON.parse(said.slice(said.indexOf('[')))) ?? {};
  if (filename === undefined || files === undefined) throw new Error('npm pack made nothing');
  const tarball = join(folder, basename(filename));
  cpSync(join(copy, filename), tarball);
  rmSync(copy, { recursive: true });
  return { tarball, files };
}

/** Installs it with the scripts of its dependencies, if any has some; answers the folder of the package. */
export async function installPacked({ tarball }: Packed, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  await npm(['install', '--prefer-offline', ...quiet, tarball], folder, TIMEOUT_MS);
  return join(folder, 'node_modules', 'shared-context-hub');
}
