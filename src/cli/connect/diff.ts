import { maskSecrets } from '../../lib/mask-secrets.ts';

const CONTEXT = 3;

/** The lines that a file loses and gets, with some around them; keys are masked. One stretch, as `connect` changes one place. */
export function difference(before: string, after: string): string {
  const [old, now] = [linesOf(before), linesOf(after)];
  let same = 0;
  while (same < Math.min(old.length, now.length) && old[same] === now[same]) same++;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - same && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const lines = [
    ...old.slice(Math.max(0, same - CONTEXT), same).map((line) => `  ${line}`),
    ...old.slice(same, old.length - tail).map((line) => `- ${line}`),
    ...now.slice(same, now.length - tail).map((line) => `+ ${line}`),
    ...now.slice(now.length - tail, now.length - tail + CONTEXT).map((line) => `  ${line}`),
  ];
  return maskSecrets(lines.map((line) => line.trimEnd()).join('\n'));
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
}
