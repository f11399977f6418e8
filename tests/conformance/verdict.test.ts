/** That the conformance run notices what it is for. */
import { expect, it } from 'vitest';
import { type Check, judge } from './verdict.ts';

const check = (id: string, status: Check['status'], errorMessage?: string): Check => ({
  ...{ id, status },
  ...(errorMessage === undefined ? {} : { errorMessage }),
});
const expected = { scenarios: 2, failing: { tasks: ['t1'] } };
const good = [
  { name: 'tools', checks: [check('a', 'SUCCESS'), check('b', 'SKIPPED'), check('c', 'INFO')] },
  { name: 'tasks', checks: [check('t1', 'FAILURE'), check('t1', 'SUCCESS'), check('t2', 'SUCCESS')] },
];

it('finds no fault where only what is listed fails', () => {
  expect(judge(good, expected)).toEqual({ passed: 3, failedAsListed: 1, faults: [] });
});

it.each([
  ['a failure', check('a', 'FAILURE', 'No.'), 'tools: a (FAILURE) No.'],
  ['a warning', check('a', 'WARNING'), 'tools: a (WARNING)'],
  ['a failure of another scenario’s name', check('t1', 'FAILURE'), 'tools: t1 (FAILURE)'],
])('finds %s', (_what, bad, fault) => {
  const scenarios = [{ name: 'tools', checks: [bad] }, good[1]!];
  expect(judge(scenarios, expected).faults).toEqual([fault]);
});

it('finds that scenarios are missing', () => {
  expect(judge([good[1]!], expected).faults).toEqual(['1 scenarios were run, not 2']);
  expect(judge([], { scenarios: 2, failing: {} }).faults).toHaveLength(1);
});

it('finds what is listed and passes', () => {
  const scenarios = [good[0]!, { name: 'tasks', checks: [check('t1', 'SUCCESS')] }];
  expect(judge(scenarios, expected).faults).toEqual(['tasks: t1 no longer fails; take it off the list']);
});
