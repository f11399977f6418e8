/** What a check found. */
export interface Finding {
  /** What was looked at. */
  readonly check: string;
  /** Problems keep the hub, or a client of it, from working; warnings will, or risk something. */
  readonly state: 'ok' | 'warning' | 'problem';
  readonly detail: string;
  /** The command that mends it, or what to do. */
  readonly mend?: string;
}

export const ok = (check: string, detail: string): Finding => ({ check, state: 'ok', detail });

export const warning = (check: string, detail: string, mend: string): Finding => ({
  ...{ check, state: 'warning', detail, mend },
});

export const problem = (check: string, detail: string, mend: string): Finding => ({
  ...{ check, state: 'problem', detail, mend },
});

/** What is said of many things is one finding each; if there is nothing to say, one that all is well. */
export function foundOr(findings: readonly Finding[], good: Finding): readonly Finding[] {
  return findings.length > 0 ? findings : [good];
}
