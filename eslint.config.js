import { dirname, relative, resolve, sep } from 'node:path';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const root = import.meta.dirname;

/**
 * The rooms of src, in the order in which they stand on each other: a room may import from itself and from those
 * before it. `not` takes rooms out again, `only` replaces the order by a list, `types` adds what may be imported as
 * types, `packages` names those of the guarded packages that the room may use.
 */
const ROOMS = [
  { name: 'lib' },
  { name: 'errors.ts' },
  { name: 'config' },
  { name: 'telemetry', packages: ['otel'] },
  { name: 'context.ts' },
  { name: 'store/nouns' },
  { name: 'store/port.ts' },
  { name: 'events', packages: ['hono'] },
  {
    name: 'store/sqlite',
    only: ['lib', 'errors.ts', 'telemetry', 'store/port.ts'],
    types: [/^config\//, /^features\/[^/]+\/types\.ts$/],
    packages: ['sql'],
  },
  {
    name: 'search',
    only: ['lib', 'errors.ts', 'telemetry', 'store/port.ts', 'store/sqlite'],
    packages: ['sql'],
  },
  { name: 'features', not: ['store/sqlite'] },
  { name: 'auth', not: ['store/sqlite', 'search'] },
  { name: 'mcp', not: ['store/sqlite', 'search'], packages: ['hono', 'mcp'] },
  { name: 'plugins', not: ['store/nouns', 'store/port.ts', 'store/sqlite', 'search', 'auth'] },
  { name: 'http', not: ['store/sqlite', 'search'], packages: ['hono'] },
  {
    name: 'dashboard',
    not: ['store/nouns', 'store/port.ts', 'store/sqlite', 'search', 'mcp', 'plugins'],
    packages: ['hono'],
  },
  { name: 'hub.ts', packages: ['hono'] },
  { name: 'cli', not: ['dashboard'], packages: ['hono', 'sql'] },
];

const PACKAGES = {
  hono: /^(hono|@hono\/[^/]+)(\/|$)/,
  mcp: /^(fastmcp|@modelcontextprotocol\/[^/]+)(\/|$)/,
  otel: /^@opentelemetry\//,
  sql: /^(better-sqlite3|drizzle-orm|(node:)?sqlite)(\/|$)/,
};

const place = (file) => relative(resolve(root, 'src'), file).split(sep).join('/');
const roomIndex = (path) => ROOMS.findIndex(({ name }) => path === name || path.startsWith(`${name}/`));

/** Says what is wrong with an import of `target` from `file`, both given as paths below src; undefined if nothing is. */
function wrongImport(file, target, isType) {
  const from = roomIndex(file);
  const to = roomIndex(target);
  if (to === -1) return `src/${target} belongs to no room of the layout.`;
  if (from === to) return undefined;
  const room = ROOMS[from];
  if (isType && room.types?.some((pattern) => pattern.test(target))) return undefined;
  const name = ROOMS[to].name;
  const allowed = room.only ? room.only.includes(name) : to < from && !room.not?.includes(name);
  return allowed
    ? undefined
    : `${room.name} may not import from ${name}: imports go one way, see ROOMS in eslint.config.js.`;
}

function wrongPackage(file, source) {
  const room = ROOMS[roomIndex(file)];
  const kind = Object.keys(PACKAGES).find((key) => PACKAGES[key].test(source));
  if (kind === undefined || room.packages?.includes(kind)) return undefined;
  const rooms = ROOMS.filter(({ packages }) => packages?.includes(kind)).map(({ name }) => name);
  return `${room.name} may not use ${source}; only ${rooms.join(', ')} may.`;
}

const oneWayImports = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const file = place(context.filename);
    const check = (node, source, isType) => {
      const path = source?.type === 'TemplateLiteral' ? source.quasis[0].value.cooked : source?.value;
      if (typeof path !== 'string') return;
      const message = path.startsWith('.')
        ? wrongImport(file, place(resolve(dirname(context.filename), path)), isType)
        : wrongPackage(file, path);
      if (message) context.report({ node, message });
    };
    return {
      Program(node) {
        if (roomIndex(file) === -1) {
          context.report({
            node,
            message: `src/${file} belongs to no room: add it to ROOMS in eslint.config.js.`,
          });
        }
      },
      ImportDeclaration: (node) => check(node, node.source, node.importKind === 'type'),
      ExportNamedDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
      ExportAllDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
      ImportExpression: (node) => check(node, node.source, false),
      TSImportType: (node) => check(node, node.source, true),
    };
  },
};

const noEnv = { object: 'process', property: 'env', message: 'Only src/config reads the environment.' };
const noExit = { object: 'process', property: 'exit', message: 'Only src/cli ends the process.' };
const processImport = (names) => [
  'error',
  {
    paths: [
      { name: 'node:process', importNames: names },
      { name: 'process', importNames: names },
    ],
  },
];
const noDefaultExport = [
  'ExportDefaultDeclaration',
  'ExportSpecifier[exported.name="default"]',
  'ExportSpecifier[exported.value="default"]',
].map((selector) => ({ selector, message: 'No default exports: one thing has one name everywhere.' }));

const globalProcess = {
  selector: 'MemberExpression[object.name=/^global(This)?$/][property.name="process"]',
  message: 'Write process: the rules on it go by its name.',
};

// What TypeScript does not find by itself.
const core = {
  'array-callback-return': 'error',
  eqeqeq: ['error', 'always', { null: 'ignore' }],
  'for-direction': 'error',
  'no-async-promise-executor': 'error',
  'no-case-declarations': 'error',
  'no-compare-neg-zero': 'error',
  'no-cond-assign': ['error', 'always'],
  'no-constant-binary-expression': 'error',
  'no-debugger': 'error',
  'no-empty': 'error',
  'no-empty-character-class': 'error',
  'no-empty-pattern': 'error',
  'no-eval': 'error',
  'no-extend-native': 'error',
  'no-extra-bind': 'error',
  'no-invalid-regexp': 'error',
  'no-irregular-whitespace': ['error', { skipStrings: false }],
  'no-loss-of-precision': 'error',
  'no-misleading-character-class': 'error',
  'no-new-func': 'error',
  'no-param-reassign': 'error',
  'no-prototype-builtins': 'error',
  'no-regex-spaces': 'error',
  'no-return-assign': 'error',
  'no-script-url': 'error',
  'no-self-assign': 'error',
  'no-self-compare': 'error',
  'no-sequences': 'error',
  'no-shadow-restricted-names': 'error',
  'no-sparse-arrays': 'error',
  'no-template-curly-in-string': 'error',
  'no-unreachable-loop': 'error',
  'no-unsafe-finally': 'error',
  'no-unsafe-optional-chaining': 'error',
  'no-useless-assignment': 'error',
  'no-useless-backreference': 'error',
  'no-useless-catch': 'error',
  'no-useless-escape': 'error',
  'no-useless-rename': 'error',
  'no-var': 'error',
  'object-shorthand': 'error',
  'prefer-const': 'error',
  'prefer-object-has-own': 'error',
  'preserve-caught-error': 'error',
  'require-yield': 'error',
  'use-isnan': 'error',
  'no-restricted-syntax': ['error', ...noDefaultExport, globalProcess],
};

const sources = ['src/**/*.{ts,tsx,mts,cts}'];
const tests = ['tests/**/*.{ts,tsx}', '**/*.test.{ts,tsx}'];
const typescript = ['**/*.{ts,tsx,mts,cts}'];

export default defineConfig(
  { ignores: ['dist/', 'coverage/', '.node/', 'migrations/'] },
  // A check is mended or changed here, for all; it is not switched off in a file.
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  { rules: core },

  {
    files: typescript,
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    rules: {
      '@typescript-eslint/ban-ts-comment': [
        'error',
        { 'ts-expect-error': true, 'ts-ignore': true, 'ts-nocheck': true },
      ],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { allowDefaultCaseForExhaustiveSwitch: false },
      ],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // The high-level class of the SDK registers every tool again on each request; this one is for such uses. The exporters
      // of OpenTelemetry take their options by the other, and there is nothing in its place yet.
      '@typescript-eslint/no-deprecated': [
        'error',
        {
          allow: [
            { from: 'package', name: 'Server', package: '@modelcontextprotocol/server' },
            {
              from: 'package',
              name: 'convertLegacyHttpOptions',
              package: '@opentelemetry/otlp-exporter-base',
            },
          ],
        },
      ],
      // Numbers read the same everywhere; what has no good text stays forbidden.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `() => emitter.emit(…)` and a middleware's `return await next()` say enough.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // The ports are asynchronous although what stands behind one may be not.
      '@typescript-eslint/require-await': 'off',
    },
  },

  {
    files: sources,
    ignores: tests,
    plugins: { hub: { rules: { 'one-way-imports': oneWayImports } } },
    rules: {
      'hub/one-way-imports': 'error',
      'no-console': 'error',
      'no-restricted-properties': ['error', noEnv, noExit],
      'no-restricted-imports': processImport(['env', 'exit', 'default']),
    },
  },
  {
    files: sources,
    rules: { 'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }] },
  },
  {
    files: ['src/config/**/*.ts'],
    ignores: tests,
    rules: {
      'no-restricted-properties': ['error', noExit],
      'no-restricted-imports': processImport(['exit', 'default']),
    },
  },
  {
    files: ['src/cli/**/*.ts'],
    ignores: tests,
    rules: {
      'no-console': 'off',
      'no-restricted-properties': ['error', noEnv],
      'no-restricted-imports': processImport(['env', 'default']),
    },
  },

  {
    files: tests,
    rules: {
      // Answers of the hub are parsed JSON, which each test looks into in its own way.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // What is missing fails the test either way.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // `app.request()` answers a response or a promise of one.
      '@typescript-eslint/await-thenable': 'off',
      // What foreign code may do is what some tests are about.
      '@typescript-eslint/only-throw-error': 'off',
    },
  },

  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: {
        URL: 'readonly',
        console: 'readonly',
        process: 'readonly',
        setTimeout: 'readonly',
        AbortSignal: 'readonly',
        fetch: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
      },
    },
    rules: { 'no-undef': 'error', 'no-unused-vars': 'error' },
  },
  { files: ['*.config.{js,ts}'], rules: { 'no-restricted-syntax': 'off' } },
);
