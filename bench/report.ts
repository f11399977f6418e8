/** Figures as JSON lines while they come, as a table at the end, and as a table for docs/performance.md. */

export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** What the hub promises; a figure beyond it fails the run. */
  readonly atMost?: number;
  readonly atLeast?: number;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which `part` (0–1) of the values lie. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** The unrounded value decides; NaN keeps no promise. */
function keeps({ value, atMost = Infinity, atLeast = -Infinity }: Figure): boolean {
  return value <= atMost && value >= atLeast;
}

function promiseOf({ atMost, atLeast }: Figure): string {
  if (atMost !== undefined) return `≤ ${short(atMost)}`;
  return atLeast === undefined ? '' : `≥ ${short(atLeast)}`;
}

function short(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

export function createReport(write: (line: string) => void) {
  const figures: Figure[] = [];
  return {
    add(figure: Figure): void {
      figures.push(figure);
      write(JSON.stringify({ ...figure, value: Number(figure.value.toPrecision(4)), kept: keeps(figure) }));
    },

    /** The figures that are not as promised. */
    broken: (): readonly Figure[] => figures.filter((figure) => !keeps(figure)),

    table(): void {
      const names = figures.map(({ bench, figure }) => `${bench}  ${figure}`);
      const width = Math.max(0, ...names.map((name) => name.length));
      figures.forEach((figure, i) => {
        const value = `${short(figure.value).padStart(10)} ${figure.unit}`.padEnd(18);
        const verdict = keeps(figure) ? '' : '  not kept';
        write(`${(names[i] ?? '').padEnd(width)}  ${value}  ${promiseOf(figure)}${verdict}`.trimEnd());
      });
    },

    /** Lines of Markdown: a table for each benchmark. */
    /** A section for each benchmark, by its heading. `when`: where and when it was measured. */
    sections(when: string): ReadonlyMap<string, string> {
      const benches = [...new Set(figures.map(({ bench }) => bench))];
      return new Map(
        benches.map((bench) => {
          const rows = figures
            .filter((figure) => figure.bench === bench)
            .map((figure) => {
              const kept = promiseOf(figure) === '' ? '' : keeps(figure) ? ' kept' : ' **not kept**';
              return `| ${figure.figure} | ${short(figure.value)} ${figure.unit} | ${promiseOf(figure)}${kept} |`;
            });
          const lines = [
            `### ${bench}`,
            '',
            when,
            '',
            '| figure | measured | promised |',
            '| --- | ---: | --- |',
            ...rows,
          ];
          return [bench, lines.join('\n')];
        }),
      );
    },
  };
}

export type Report = ReturnType<typeof createReport>;
