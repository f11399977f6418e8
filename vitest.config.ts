import { configDefaults, defineConfig } from 'vitest/config';

const report = process.env['TEST_REPORT'];

/** Those that start processes of their own, or take seconds. `npm run test:fast` leaves them out. */
const SLOW = [
  'src/cli/serve.test.ts',
  'tests/api/budgets.test.ts',
  'tests/api/many-agents.test.ts',
  'tests/api/openapi-fuzz.test.ts',
  'tests/api/response-bytes.test.ts',
  'tests/cli/**',
  'tests/deploy/{prometheus,proxy}.test.ts',
  'tests/fault/**',
  'tests/fuzz/**',
  'tests/http/server.test.ts',
  'tests/model/**',
  'tests/security/hostile-input.test.ts',
  'tests/security/leaks*.test.ts',
  'tests/store/contract.test.ts',
  'tests/store/readers.test.ts',
];
/** Those that drive a browser. */
const BROWSER = ['tests/browser/**'];
/** Those that measure time, and so run after all others. */
const ALONE = ['tests/dev/**'];

/** What runs in processes and threads of its own, also in the tests: no coverage comes from there. */
const UNSEEN = [
  'src/cli/{main,serve,up,transport,lifecycle,first-start,migrate,backup,question}.ts',
  'src/cli/stdio/**',
  'src/store/sqlite/{reader-thread,backup-thread,backup,restore}.ts',
  'src/search/{indexer,search}-thread.ts',
  'src/dashboard/islands/**',
];

interface ProjectOptions {
  readonly exclude?: string[];
  /** Of its files at once. */
  readonly maxWorkers?: number | string;
}

function project(name: string, groupOrder: number, include: string[], options: ProjectOptions = {}) {
  const { exclude = [], maxWorkers = '100%' } = options;
  const tests = include.map((pattern) => pattern.replace(/\*\*$/, '**/*.test.{ts,tsx}'));
  return {
    extends: true as const,
    test: {
      name,
      maxWorkers,
      include: tests,
      exclude: [...configDefaults.exclude, ...exclude],
      sequence: { groupOrder },
    },
  };
}

export default defineConfig({
  // As the hub itself gives it to the plugins that it loads.
  resolve: { alias: { 'shared-context-hub/plugin': `${import.meta.dirname}/src/plugins/plugin.ts` } },
  test: {
    projects: [
      project('unit', 0, ['src/**'], { exclude: SLOW }),
      project('integration', 0, ['tests/**'], { exclude: [...SLOW, ...BROWSER, ...ALONE] }),
      project('slow', 1, SLOW),
      project('browser', 2, BROWSER),
      project('dev', 3, ALONE, { maxWorkers: 1 }),
    ],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    // What is waited for comes when the machine has time for it.
    expect: { poll: { timeout: 10_000 } },
    // `TEST_REPORT=file` writes the results as JSON as well.
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.{ts,tsx}'],
      exclude: ['src/**/*.test.{ts,tsx}', ...UNSEEN],
      reporter: ['text-summary', 'html', 'lcov'],
      thresholds: {
        lines: 90,
        'src/store/**': { lines: 95 },
        'src/auth/**': { lines: 95 },
        'src/features/messages/visibility.ts': { lines: 95 },
      },
    },
  },
});
