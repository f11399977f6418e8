/** What secrets look like. */

export interface Finding {
  readonly line: number;
  readonly kind: string;
}

const PATTERNS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['a key or secret that a hub made', /(?<![\w-])schk_[\w-]{43}(?![\w-])/],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['a signed token', /(?<![\w-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/],
  ['an Anthropic key', /sk-ant-[\w-]{20,}/],
  ['an OpenAI key', /(?<![\w-])sk-(proj-)?[A-Za-z0-9]{32,}/],
  ['a Google key', /AIza[\w-]{35}/],
  ['an AWS key', /(?<![A-Z0-9])(AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])/],
  ['a GitHub token', /(?<![\w-])(gh[oprsu]_[A-Za-z0-9]{36}|github_pat_\w{60,})/],
  ['an npm token', /(?<![\w-])npm_[A-Za-z0-9]{36}(?![\w-])/],
  ['a Slack token', /(?<![\w-])xox[abprs]-[\w-]{20,}/],
];
const PRIVATE_FILES = /(^|\/)(\.env|secrets\.json|id_(rsa|ecdsa|ed25519)|[^/]+\.(pem|p12|pfx|key))$/;

/** The lines of a text that hold what looks like a secret; never the secret itself. */
export function secretsIn(text: string): readonly Finding[] {
  return text.split('\n').flatMap((content, index) => {
    const found = PATTERNS.find(([, pattern]) => pattern.test(content));
    return found === undefined ? [] : [{ line: index + 1, kind: found[0] }];
  });
}

/** Whether a file of that name is one that holds secrets. */
export function isPrivateFile(file: string): boolean {
  return PRIVATE_FILES.test(file);
}
