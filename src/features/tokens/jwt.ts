/** Access tokens as texts: JWT of one algorithm and one type, signed by the secret that their header names. */
import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { SignJWT, errors, jwtVerify } from 'jose';
import { z } from 'zod';
import { PERMISSIONS } from '../../context.ts';

const ALGORITHM = 'HS256';
const TYPE = 'at+jwt';
/** How far ahead of the hub's clock a token may have been issued: clocks are set back at times. */
const CLOCK_STEP_SECONDS = 30;

const claimsSchema = z.strictObject({
  iss: z.string(),
  aud: z.string(),
  sub: z.string().min(1).max(100),
  agent_type: z.string().min(1).max(50),
  permissions: z.array(z.enum(PERMISSIONS)).min(1),
  workspace: z.string().min(1),
  key_id: z.string().min(1),
  jti: z.string().min(1).max(200),
  /** Seconds since the epoch. */
  iat: z.int(),
  exp: z.int(),
});

/** Whatever else a header may say (where to fetch a key, say) is a reason to refuse it. */
const headerSchema = z.strictObject({ alg: z.literal(ALGORITHM), typ: z.literal(TYPE), kid: z.string() });

export type AccessClaims = z.output<typeof claimsSchema>;

export interface TokenCodec {
  /** Signs with the first secret. */
  sign(claims: Omit<AccessClaims, 'iss' | 'aud'>): Promise<string>;
  /** The claims, if the hub signed them for itself and they hold now; undefined whatever is wrong. */
  verify(text: string, now: number): Promise<AccessClaims | undefined>;
}

export interface TokenCodecOptions {
  /** The first signs; all verify. */
  readonly secrets: readonly [string, ...string[]];
  /** The address of the hub, without a slash at its end. */
  readonly publicUrl: () => string;
}

const COMPACT = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

export function createTokenCodec({ secrets, publicUrl }: TokenCodecOptions): TokenCodec {
  const [kid] = secrets.map(kidOf);
  const keys = new Map(secrets.map((secret) => [kidOf(secret), keyOf(secret)]));
  const [signingKey] = keys.values();
  if (kid === undefined || signingKey === undefined) throw new Error('there is no secret to sign with');
  const audience = (): string => `${publicUrl()}/mcp`;

  return {
    sign: (claims) =>
      new SignJWT({ ...claims })
        .setIssuer(publicUrl())
        .setAudience(audience())
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid })
        .sign(signingKey),

    async verify(text, now) {
      const [, header = '', payload = '', signature = ''] = COMPACT.exec(text) ?? [];
      if (decode(signature) === undefined) return undefined;
      const key = keys.get(headerSchema.safeParse(plainJson(header)).data?.kid ?? '');
      const claims = claimsSchema.safeParse(plainJson(payload)).data;
      if (key === undefined || claims === undefined) return undefined;
      if (claims.iat > now / 1000 + CLOCK_STEP_SECONDS) return undefined;
      try {
        await jwtVerify(text, key, {
          ...{ algorithms: [ALGORITHM], typ: TYPE, issuer: publicUrl(), audience: audience() },
          currentDate: new Date(now),
        });
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
      return claims;
    },
  };
}

/** Names a secret without telling it. */
function kidOf(secret: string): string {
  return createHash('sha256').update(`kid of ${secret}`).digest('base64url').slice(0, 16);
}

function keyOf(secret: string): KeyObject {
  return createSecretKey(Buffer.from(secret, 'utf8'));
}

/** A part's bytes, if it is written in the one canonical way. */
function decode(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === part ? bytes : undefined;
}

/** A part's JSON, if it says everything once and without escapes: then no two readers understand it differently. */
function plainJson(part: string): unknown {
  const text = decode(part)?.toString('utf8') ?? '';
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text.replace(/\s/g, '') ? value : undefined;
  } catch {
    return undefined;
  }
}
