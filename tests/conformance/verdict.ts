/** What the results of a run of the suite amount to. */

export type Status = 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';

/** A check as the suite writes it down; one id may come several times in a scenario. */
export interface Check {
  readonly id: string;
  readonly status: Status;
  readonly errorMessage?: string;
}

export interface Scenario {
  readonly name: string;
  readonly checks: readonly Check[];
}

export interface Expected {
  /** How many scenarios this version of the suite has. */
  readonly scenarios: number;
  /** Checks that fail, by scenario, and no others. */
  readonly failing: Readonly<Record<string, readonly string[]>>;
}

export interface Verdict {
  readonly passed: number;
  readonly failedAsListed: number;
  /** A sentence each; none: all is as it should be. */
  readonly faults: readonly string[];
}

/** A broken SHOULD, which the suite calls a warning, is a fault as well. */
export function judge(scenarios: readonly Scenario[], { scenarios: count, failing }: Expected): Verdict {
  const checks = scenarios.flatMap((scenario) => scenario.checks.map((check) => ({ scenario, check })));
  const broken = checks.filter(({ check }) => check.status === 'FAILURE' || check.status === 'WARNING');
  const isListed = ({ scenario, check }: (typeof broken)[number]): boolean =>
    failing[scenario.name]?.includes(check.id) ?? false;
  const isBroken = (name: string, id: string): boolean =>
    broken.some(({ scenario, check }) => scenario.name === name && check.id === id);

  const faults = broken
    .filter((one) => !isListed(one))
    .map(({ scenario, check: { id, status, errorMessage = '' } }) =>
      `${scenario.name}: ${id} (${status}) ${errorMessage}`.trimEnd(),
    );
  if (scenarios.length !== count)
    faults.push(`${String(scenarios.length)} scenarios were run, not ${String(count)}`);
  for (const [name, ids] of Object.entries(failing)) {
    for (const id of ids)
      if (!isBroken(name, id)) faults.push(`${name}: ${id} no longer fails; take it off the list`);
  }
  return {
    passed: checks.filter(({ check }) => check.status === 'SUCCESS').length,
    failedAsListed: broken.filter(isListed).length,
    faults,
  };
}
