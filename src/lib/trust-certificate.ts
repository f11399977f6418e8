/** Trust in the hub of one's own data folder, which may have signed its certificate itself. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Has this process believe the certificates in a file, besides those it believes anyway. Without effect if the file cannot be
 * read, and on a Node before 22.19, which takes them from NODE_EXTRA_CA_CERTS alone.
 */
export function trustCertificate(file: string): void {
  if (typeof tls.setDefaultCACertificates !== 'function') return;
  const known = tls.getCACertificates('default');
  const own = certificatesIn(file).filter((one) => !known.includes(one.toString()));
  if (own.length === 0) return;
  // Of two with one name only the first is looked at, which would be the one before a renewal.
  const names = new Set(own.map(({ subject }) => subject));
  const others = known.filter((one) => !names.has(new X509Certificate(one).subject));
  tls.setDefaultCACertificates([...others, ...own.map(String)]);
}

function certificatesIn(file: string): readonly X509Certificate[] {
  try {
    return (readFileSync(file, 'utf8').match(PEM) ?? []).map((one) => new X509Certificate(one));
  } catch {
    return [];
  }
}
