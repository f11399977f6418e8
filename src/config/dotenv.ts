/** The settings of a `.env`. */
import { parseEnv } from 'node:util';
import type { FileTexts, TextFile } from './file-texts.ts';
import { unknownName } from './file-texts.ts';
import { isSettingKey } from './settings.ts';

/** Reads what is good, and names all that is not. */
export function readDotenv({ path, text }: TextFile): FileTexts {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  const stray = strayLines(lines);
  for (const index of stray) lines[index] = '';
  const texts = parseEnv(lines.join('\n'));
  const unknown = Object.keys(texts).filter((name) => !isSettingKey(name));
  return {
    texts,
    from: () => `in ${path}`,
    problems: [
      ...stray.map((index) => `Line ${index + 1} of ${path} is not of the form NAME=value.`),
      ...unknown.map((name) => unknownName(name, path)),
    ],
  };
}

/** Those that Node's parser passes over in silence, such as `HTTP_PORT 8080`. */
function strayLines(lines: readonly string[]): readonly number[] {
  const whole = JSON.stringify(parseEnv(lines.join('\n')));
  return lines.flatMap((line, i) => {
    if (/^\s*(#|$)/.test(line) || /^[^=]+=/.test(line)) return [];
    // A line inside a quoted value matters to the result; one that can be left out does not.
    return JSON.stringify(parseEnv(lines.toSpliced(i, 1).join('\n'))) === whole ? [i] : [];
  });
}
