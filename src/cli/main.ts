/** The program itself; the binary imports it on a Node that fits. */
import { hookOptionsOf } from './hook/arguments.ts';

// Whoever read our output may have gone, as in `schub … | head`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const argv = process.argv.slice(2);
const hook = hookOptionsOf(argv);
if (hook === undefined) {
  const { runCli } = await import('./program.ts');
  process.exitCode = await runCli(argv, { stdout: process.stdout, stderr: process.stderr });
} else {
  const { runClaudeHook } = await import('./hook/claude.ts');
  await runClaudeHook(hook, process);
  // Whatever is still open: a client waits for the end.
  process.exit(0);
}
