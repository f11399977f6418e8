/** Questions, which are asked on a terminal only. */
import { createInterface } from 'node:readline/promises';

/** Asks at the terminal; undefined where there is none. */
export function terminalQuestion(): ((question: string) => Promise<boolean>) | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  return async (question) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return /^(y(es)?)?$/i.test((await lines.question(`${question} [Y/n] `)).trim());
    } finally {
      lines.close();
    }
  };
}
