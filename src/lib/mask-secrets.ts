/** Keys, handles and tokens as they look; with no regard to whether they are good. */
const SECRET = /\b(sc[a-z]{0,3}_)[A-Za-z0-9_-]{8,}|\b(eyJ)[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]*/g;

/** Text that somebody sent, to be shown or logged: what looks like a credential keeps its first characters only. */
export function maskSecrets(text: string): string {
  return text.replace(SECRET, (_all, prefix?: string, jwt?: string) => `${prefix ?? jwt ?? ''}…`);
}
