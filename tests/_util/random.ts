/** Chance that can be repeated. */
export { numbers } from '../../src/cli/torture/random.ts';
