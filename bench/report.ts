/** Figures as JSON lines while they come, and as a table at the end. */

export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which `part` (0–1) of the values lie. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export function createReport(write: (line: string) => void) {
  const figures: Figure[] = [];
  return {
    add(figure: Figure): void {
      const rounded = { ...figure, value: Number(figure.value.toPrecision(4)) };
      figures.push(rounded);
      write(JSON.stringify(rounded));
    },
    table(): void {
      const width = Math.max(...figures.map(({ bench, figure }) => bench.length + figure.length + 2));
      for (const { bench, figure, value, unit } of figures) {
        write(`${`${bench}  ${figure}`.padEnd(width)}  ${String(value).padStart(10)} ${unit}`);
      }
    },
  };
}

export type Report = ReturnType<typeof createReport>;
