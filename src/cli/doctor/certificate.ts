/** The check of the certificate of a hub that does TLS itself. */
import type { Config } from '../../config/config.ts';
import { StartError } from '../../errors.ts';
import { isFor, readCertificate } from '../../http/tls.ts';
import { ok, problem, warning, type Finding } from './finding.ts';

/** Those who renew certificates do so a month before they end. */
const ENDS_SOON_MS = 14 * 24 * 60 * 60 * 1000;
const CHECK = 'certificate';

/** Nothing where the hub does no TLS. */
export async function checkCertificate(
  { tls, publicUrl }: Pick<Config['http'], 'tls' | 'publicUrl'>,
  now: number,
): Promise<readonly Finding[]> {
  if (tls === null) return [];
  try {
    const certificate = await readCertificate(tls);
    const { x509 } = certificate;
    const host = publicUrl === null ? undefined : new URL(publicUrl).hostname;
    const renew = `renew ${tls.certFile}; the hub takes the new one by itself`;
    if (host !== undefined && !isFor(certificate, host))
      return [problem(CHECK, `it is not for ${host}`, 'set PUBLIC_URL to an address that it is for')];
    const left = Date.parse(x509.validTo) - now;
    if (left < 0) return [problem(CHECK, `it has ended at ${x509.validTo}`, renew)];
    if (left < ENDS_SOON_MS) return [warning(CHECK, `it ends at ${x509.validTo}`, renew)];
    return [ok(CHECK, `good until ${x509.validTo}`)];
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return [problem(CHECK, error.message, 'set TLS_CERT_FILE and TLS_KEY_FILE to files that fit together')];
  }
}
