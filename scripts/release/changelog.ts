/** CHANGELOG.md in the format of Keep a Changelog: its sections, and what a release makes of them. */
export interface Released {
  /** The whole text, with what was unreleased as the section of the version. */
  readonly text: string;
  /** What the version brings, without its heading. */
  readonly notes: string;
}

const UNRELEASED = '## [Unreleased]';

/** @throws Error if nothing is unreleased, or the version is there already. `date`: as YYYY-MM-DD. */
export function releaseChangelog(text: string, version: string, date: string): Released {
  if (notesOf(text, version) !== undefined)
    throw new Error(`CHANGELOG.md has a section of ${version} already.`);
  const notes = sectionOf(text, UNRELEASED);
  if (notes === undefined) throw new Error(`CHANGELOG.md has no section ${UNRELEASED}.`);
  if (notes === '') throw new Error('CHANGELOG.md says nothing of what is unreleased.');
  return { text: text.replace(UNRELEASED, `${UNRELEASED}\n\n## [${version}] - ${date}`), notes };
}

/** What a version brought; undefined: the changelog does not know it. */
export function notesOf(text: string, version: string): string | undefined {
  return sectionOf(text, `## [${version}]`);
}

function sectionOf(text: string, heading: string): string | undefined {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(heading));
  if (start === -1) return undefined;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.startsWith('## '));
  return rest
    .slice(0, end === -1 ? undefined : end)
    .join('\n')
    .trim();
}
