/** `npm run dev`: the hub with hot reload; `-- --validate` and `-- --info` look at its settings and end. */
import path from 'node:path';
import { runDev } from './dev.ts';

const HELP = `npm run dev                  the hub, restarted on each change of its sources or settings
npm run dev -- --validate    check settings, keys, data folder and database; change nothing
npm run dev -- --info        print the settings in force and where each comes from

The flags of "schub serve" go with all of them, as --port 8080, --log-level debug, --config hub.config.yaml.
`;

const root = path.join(import.meta.dirname, '..', '..');

async function main(args: readonly string[]): Promise<number> {
  const rest = args.filter((arg) => arg !== '--validate' && arg !== '--info');
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP);
    return 0;
  }
  // Loaded only now: the sources of the hub, which these two use, may be broken while hot reload waits for better ones.
  if (args.includes('--validate')) return await (await import('./validate.ts')).validate(rest);
  if (args.includes('--info')) return await (await import('./info.ts')).info(rest);
  return await runDev(root, rest);
}

process.exitCode = await main(process.argv.slice(2));
