import { StartError } from '../errors.ts';

/** The command line itself was wrong. */
export class UsageError extends StartError {}
