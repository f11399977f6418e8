/** The program itself; the binary imports it on a Node that fits. */
import { runCli } from './program.ts';

// Whoever read our output may have gone, as in `schub … | head`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await runCli(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr });
