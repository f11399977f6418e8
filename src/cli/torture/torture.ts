/** `schub torture`: kills a hub of its own under load, again and again, and proves that it has kept its word. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Surroundings } from '../../config/env.ts';
import { CliError, EXIT, type Output } from '../output.ts';
import { prove, type Proof, type TortureOptions } from './prove.ts';
import { scratchProcess } from './scratch-process.ts';

export interface TortureDeps {
  readonly around: Surroundings;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Answers the exit code: 1 where a promise was broken. @throws CliError, StartError if it could not be found out */
export async function torture(
  { around, output, signal }: TortureDeps,
  { keep, ...options }: TortureOptions & { readonly keep: boolean },
): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'schub-torture-'));
  const { kills, writers, seed } = options;
  output.note(`A hub in ${folder}, ${writers} writers, up to ${kills} kills (--seed ${seed} repeats them)`);
  let isEvidence = false;
  try {
    await using hub = await scratchProcess(around, folder);
    const proof = await prove(hub, options, {
      signal,
      tell: ({ nth, acknowledged, recoveryMs }) =>
        output.note(
          `kill ${nth} of ${kills}: ready again after ${Math.round(recoveryMs)} ms; ${acknowledged} acknowledged so far`,
        ),
    });
    isEvidence = !proof.kept;
    show(proof, output);
    return proof.kept ? EXIT.ok : EXIT.failure;
  } catch (error) {
    throw signal.aborted ? new CliError(EXIT.interrupted, 'Interrupted.', { cause: error }) : error;
  } finally {
    if (keep || isEvidence) output.note(`Kept: ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
}

function show(proof: Proof, output: Output): void {
  if (output.json) output.document(proof);
  else
    output.list({
      name: 'facts',
      items: Object.entries(proof),
      headers: ['WHAT', 'IS'],
      row: ([what, is]) => [what, String(is)],
    });
  output.note(
    proof.kept
      ? output.paintNote('green', 'Kept: nothing acknowledged is lost, nothing is there twice.')
      : output.paintNote('red', 'Broken: please report it, with these figures and your file system.'),
  );
}
