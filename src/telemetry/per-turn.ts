/** Lines of one turn of the event loop, written at once: a system call for each would be most of what they cost. */

export interface LineSink {
  write(text: string): void;
}

/** What is written last before the process exits is written, too. */
export function perTurn(sink: LineSink): LineSink {
  let text = '';
  const flush = (): void => {
    process.off('exit', flush);
    const all = text;
    text = '';
    if (all !== '') sink.write(all);
  };
  return {
    write(line) {
      if (text === '') {
        setImmediate(flush);
        process.on('exit', flush);
      }
      text += line;
    },
  };
}
