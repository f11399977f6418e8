/** Progress of a long command on standard error: a bar on a terminal, else a line every few seconds. */
import type { Output } from './output.ts';

export interface Progress {
  advance(amount: number): void;
  /** Clears the bar; may be called twice. */
  end(): void;
}

const REDRAW_MS = 100;
const LINE_MS = 5000;
const BAR_WIDTH = 30;
const CLEAR_LINE = '\r\u001b[K';

/** `total`: null where nobody knows it. */
export function startProgress(
  total: number | null,
  output: Output,
  unit: 'bytes' | 'positions' = 'bytes',
  now: () => number = () => performance.now(),
): Progress {
  const started = now();
  let done = 0;
  let said = started;
  let drawn = false;

  function text(at: number): string {
    const seconds = (at - started) / 1000;
    if (total === null) return `${amount(done)}  ${rate(seconds)}`;
    const part = total === 0 ? 1 : Math.min(done / total, 1);
    const left = part > 0 ? Math.round(seconds / part - seconds) : 0;
    const bar = '#'.repeat(Math.round(part * BAR_WIDTH)).padEnd(BAR_WIDTH, '.');
    return `[${bar}] ${String(Math.floor(part * 100)).padStart(3)} %  ${rate(seconds)}  ${left} s left`;
  }

  const amount = (count: number): string =>
    unit === 'bytes' ? `${(count / 1e6).toFixed(1)} MB` : String(Math.round(count));
  const rate = (seconds: number): string =>
    `${amount(seconds > 0 ? done / seconds : 0)}${unit === 'bytes' ? '/s' : ' /s'}`;

  return {
    advance(amount) {
      done += amount;
      const at = now();
      if (at - said < (output.errTerminal ? REDRAW_MS : LINE_MS)) return;
      said = at;
      if (!output.errTerminal) output.note(text(at));
      else {
        output.draw(`${CLEAR_LINE}${text(at)}`);
        drawn = true;
      }
    },
    end() {
      if (drawn) output.draw(CLEAR_LINE);
      drawn = false;
    },
  };
}
