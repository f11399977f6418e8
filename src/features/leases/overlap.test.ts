import { matchesGlob } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createResourceIndex, newBudget, overlap } from './overlap.ts';
import { parseResource } from './resource.ts';

const meet = (a: string, b: string): boolean => {
  const answers = new Set([
    overlap(parseResource(a), parseResource(b)),
    overlap(parseResource(b), parseResource(a)),
  ]);
  expect(answers.size).toBe(1);
  return answers.has(true);
};

describe('two resources', () => {
  it.each([
    ['src', 'src/a.ts'],
    ['src/', 'src'],
    ['src/**', 'src/a.ts'],
    ['src/**', 'src'],
    ['src/**', 'src/a/b/c.ts'],
    ['src/**', 'src/**/*.ts'],
    ['./src//a.ts', 'src/a.ts'],
    ['src\\a.ts', 'src/a.ts'],
    ['src/x/../a.ts', 'src/a.ts'],
    ['.', 'src/a.ts'],
    ['**', 'deploy'],
    ['**', '/etc/hosts'],
    ['/', '/etc/hosts'],
    ['*.ts', 'a.ts'],
    ['*.ts', 'a.*'],
    ['*', '.env'],
    ['src/*/index.ts', 'src/mcp'],
    ['src/*.ts', 'src/**/a.ts'],
    ['**/a.ts', 'a.ts'],
    ['**/*.test.ts', 'src/**'],
    ['src/{a,b}.ts', 'src/b.ts'],
    ['{src,lib}/**', 'lib/x'],
    ['{src/a,lib}/x', 'src/a/x'],
    ['src/[ab].ts', 'src/a.ts'],
    ['src/[!a].ts', 'src/b.ts'],
    ['app/[id]/page.tsx', 'app/[id]/page.tsx'],
    ['app/[id]/page.tsx', 'app/[id]'],
    ['app/[id]/page.tsx', 'app/*/page.tsx'],
    ['app/[...slug]/page.tsx', 'app/[...slug]/page.tsx'],
    ['app/[...slug]', 'app/[...slug]/page.tsx'],
    ['app/(shop)/page.tsx', 'app/(shop)'],
    ['src/{1..9}.ts', 'src/4.ts'],
    ['src/@(a|b).ts', 'src/a.ts'],
    ['src/!(a).ts', 'src/b.ts'],
    ['a?c', 'a😀c'],
    ['caf\u00e9', 'cafe\u0301'],
    ['deploy', 'deploy'],
    ['db:migrations', 'db:*'],
    ['{unclosed', '{unclosed'],
    ['src', 'src/**/*.ts'],
    ['v1.2', '**/*.ts'],
    ['.github', '**/*.yml'],
    ['next.js/', '**/*.ts'],
    ['next.js', 'next.js/src/*.ts'],
    ['next.js', 'next.js/a.ts'],
    ['src/**/*.{ts,tsx}', '**/a.tsx'],
    ['[unclosed', '[unclosed/x'],
  ])('%s meets %s', (a, b) => {
    expect(meet(a, b)).toBe(true);
  });

  it.each([
    ['src', 'srcs'],
    ['src/a.ts', 'src/b.ts'],
    ['src/**', 'lib/a.ts'],
    ['src/*.ts', 'src/*.md'],
    ['src/*.ts', 'src/a/b.ts'],
    ['*.ts', 'src/a.ts'],
    ['src/**/*.ts', 'src/a.md'],
    ['src/?.ts', 'src/ab.ts'],
    ['src/{a,b}.ts', 'src/c.ts'],
    ['{src,lib}/**', 'docs/x'],
    ['src/[ab].ts', 'src/c.ts'],
    ['app/[id]/page.tsx', 'app/blog/page.tsx'],
    ['src/a.ts', '/src/a.ts'],
    ['README.md', 'readme.md'],
    ['*/x', '/x'],
    ['deploy', 'deployment'],
    ['src/(a).ts', 'src/a.ts'],
    ['src/**/*.ts', 'src/**/*.md'],
    ['**/*.{ts,tsx}', 'src/**/*.[jm]s'],
    ['**/*.ts', 'README.md'],
  ])('%s does not meet %s', (a, b) => {
    expect(meet(a, b)).toBe(false);
  });

  it.each(['', '   ', '..', '../x', 'a/../..', 'src/*/../x', '!src/**', 'a\u0000b', 'a\nb', 'x'.repeat(501)])(
    'refuses %j',
    (text) => {
      expect(() => parseResource(text)).toThrow(/resources is .*; expected /);
    },
  );
});

const SEGMENTS = ['a', 'b', 'aa', 'ab', 'ba', 'bb'];
const DEEPEST = 4;
/** All paths that are needed to tell any two of the patterns below apart. */
const PATHS = Array.from({ length: DEEPEST }).reduce<string[][]>(
  (levels) => [
    ...levels,
    (levels.at(-1) ?? []).flatMap((path) => SEGMENTS.map((s) => (path === '' ? s : `${path}/${s}`))),
  ],
  [['']],
);
const ALL = PATHS.slice(1).flat();

const token = fc.constantFrom('a', 'b', '*', '?', '[ab]', '{a,b}');
const segment = fc.oneof(
  { weight: 3, arbitrary: fc.array(token, { minLength: 1, maxLength: 2 }).map((t) => t.join('')) },
  { weight: 1, arbitrary: fc.constant('**') },
);
const pattern = fc
  .array(segment, { minLength: 1, maxLength: 3 })
  .map((segments) => segments.map((s) => (/^\*\*.+/.test(s) ? 'a' : s)).join('/'));

const depthOf = (text: string): number => text.split('/').length;

/** What a resource holds of all paths, by another's reading of globs. */
function held(text: string): ReadonlySet<string> {
  const matched = (path: string): boolean => matchesGlob(path, text);
  return new Set(
    ALL.filter((path) => {
      const segments = path.split('/');
      return segments.some((_, i) => matched(segments.slice(0, i + 1).join('/')));
    }),
  );
}

describe('all resources of a small world', () => {
  it('meet exactly where they hold a path in common', () => {
    fc.assert(
      fc.property(pattern, pattern, (a, b) => {
        // Where `**` stands for the whole of the other, the path in common is so deep.
        fc.pre(depthOf(a) + depthOf(b) <= DEEPEST + 1);
        const theirs = held(b);
        const common = [...held(a)].some((path) => theirs.has(path));
        expect({ a, b, meet: meet(a, b) }).toEqual({ a, b, meet: common });
      }),
      { numRuns: 150 },
    );
  });

  it('are found in an index as they are found one by one', () => {
    const some = fc.array(pattern, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 12 }), some, fc.nat(), (owners, asked, gone) => {
        const index = createResourceIndex<number>();
        const parsed = owners.map((texts) => texts.map((text) => parseResource(text)));
        parsed.forEach((resources, owner) => index.add(owner, resources));
        const left = parsed.length === 0 ? -1 : gone % parsed.length;
        parsed.forEach((resources, owner) => owner === left && index.remove(owner, resources));
        const question = asked.map((text) => parseResource(text));
        const expected = parsed.flatMap((theirs, owner) =>
          owner !== left && theirs.some((b) => question.some((a) => overlap(a, b))) ? [owner] : [],
        );
        const found = [...index.meeting(question, () => true, newBudget())];
        expect(found.sort((a, b) => a - b)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});

it('does a bounded amount of work, and is careful where that does not suffice', () => {
  const hostile = (char: string): string => `*${char}`.repeat(240);
  const index = createResourceIndex<number>();
  for (let owner = 0; owner < 50; owner++) index.add(owner, [parseResource(`${hostile('a')}${owner}`)]);
  const budget = newBudget();
  const all = budget.left;
  const question = Array.from({ length: 50 }, (_, i) => parseResource(`${hostile('b')}x${i}`));
  expect([...index.meeting(question, () => true, budget)].length).toBeGreaterThan(0);
  expect(all - budget.left).toBeLessThan(all + 1_000);
});

it('reads any text that it does not refuse, and finds that it meets itself', () => {
  const odd = fc.string({
    unit: fc.constantFrom(...Array.from('ab/*?[]{},!(|)@+-^.\\ é')),
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(odd, (text) => {
      let resource;
      try {
        resource = parseResource(text);
      } catch {
        return;
      }
      expect(overlap(resource, resource)).toBe(true);
      expect(overlap(resource, parseResource('**'))).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
