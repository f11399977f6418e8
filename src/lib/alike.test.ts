import { expect, it } from 'vitest';
import { createLikeness } from './alike.ts';

const TEXT = 'Refactor the Login form of the billing service';

it.each(['login', 'logn', 'lgoin', 'loginn', 'lobin', 'biling form', 'srevice refactro'])(
  'knows %j again',
  (query) => {
    expect(createLikeness(query)(TEXT)).toBe(true);
  },
);

it.each(['logic board', 'fro', '', '  ', '%', 'lxgxn', 'parser'])('does not take %j for it', (query) => {
  expect(createLikeness(query)(TEXT)).toBe(false);
});

it('takes the longest query there is', () => {
  expect(createLikeness(`${'x'.repeat(250)} ${'ab '.repeat(80)}`)(TEXT)).toBe(false);
});
