/** Errors in as few lines as tell what is wrong and where. */

const FRAME = /^\s+at /;
const FOREIGN = /node:|node_modules|<anonymous>/;
const FRAMES = 3;

/** The text of an error without the frames of others' code, the files named from `root`. */
export function brief(text: string, root: string): string {
  let frames = 0;
  const lines = text.split('\n').filter((line) => {
    if (line.trim() === '') return false;
    return !FRAME.test(line) || (!FOREIGN.test(line) && ++frames <= FRAMES);
  });
  return `${lines.join('\n').replaceAll(`file://${root}/`, '').replaceAll(`${root}/`, '')}\n`;
}

/** Whether it is an error of V8's parser: its stack does not name the file. */
export function isUnplaced(error: unknown): error is SyntaxError {
  return error instanceof SyntaxError && error.stack?.startsWith('SyntaxError:') === true;
}
