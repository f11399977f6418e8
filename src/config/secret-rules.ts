/** Which keys and secrets are good enough to guard a hub. */
import { StartError } from '../errors.ts';

export const SECRET_NAMES = ['API_KEY', 'ADMIN_API_KEY', 'JWT_SECRET_KEY'] as const;
export type SecretName = (typeof SECRET_NAMES)[number];

export type SecretTexts = Readonly<Record<SecretName, string>>;

const LEAST: Readonly<Record<SecretName, number>> = { API_KEY: 24, ADMIN_API_KEY: 24, JWT_SECRET_KEY: 32 };

/** Values that stand in examples and get copied. */
const PLACEHOLDERS: readonly RegExp[] = [
  /change[-_ ]?(me|this|it|in[-_ ]production)/i,
  /replace[-_ ]?(me|this|it|with)/i,
  /(^|[^a-z])your[-_ ]?([a-z0-9]+[-_ ]?)*(key|secret|token|password)/i,
  /placeholder/i,
  /(^|[-_ ])(insert|paste|put)[-_ ](your|the|a|key|secret|here)/i,
  /^(demo|example|sample|dummy|default)[-_ ]/i,
  /[-_ ](here|goes[-_ ]here)$/i,
  /^(schk_)?(.)\2*$/,
  /^<.*>$/,
  /^(0123456789|1234567890)+\d*$/,
];

/**
 * `JWT_SECRET_KEY` as secrets: the first signs. During a change the old one stands behind it, after a comma; a comma with
 * fewer than 32 characters on a side is part of a secret.
 */
export function jwtSecrets(text: string): [string, ...string[]] {
  const [first = '', ...others] = text.split(',').map((part) => part.trim());
  const whole = [first, ...others].every(({ length }) => length >= LEAST.JWT_SECRET_KEY);
  return whole ? [first, ...others] : [text];
}

/**
 * Refuses what is too short or a known placeholder. `where` completes "API_KEY …".
 * @throws StartError that names the setting and never shows its value.
 */
export function checkSecret(name: SecretName, text: string, where: string): void {
  const secrets = name === 'JWT_SECRET_KEY' ? jwtSecrets(text) : [text];
  for (const secret of secrets) checkOne(name, secret, where);
}

function checkOne(name: SecretName, text: string, where: string): void {
  if (text.length < LEAST[name]) {
    throw new StartError(
      `${name}${where} is too short; it needs at least ${String(LEAST[name])} characters.`,
    );
  }
  if (PLACEHOLDERS.some((pattern) => pattern.test(text))) {
    throw new StartError(
      `${name}${where} is a placeholder; set a random value, or none and the hub makes one.`,
    );
  }
}

/** Refuses one key for agents and operators. @throws StartError */
export function checkEqual(apiKey: string | undefined, adminApiKey: string | undefined): void {
  if (apiKey === undefined || apiKey !== adminApiKey) return;
  throw new StartError('API_KEY and ADMIN_API_KEY are the same; agents and operators need different keys.');
}
