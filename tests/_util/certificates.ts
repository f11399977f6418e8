/** Certificates that a test makes for itself. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { generate } from 'selfsigned';

export interface NewCertificate {
  /** Names and addresses that it is for. */
  readonly hosts?: readonly string[];
  readonly notAfter?: Date;
}

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

const MADE_AT = new Date(Date.now() - 60_000);

/** Writes `hub.crt` and `hub.key` into the folder, over those that are there. */
export async function writeCertificate(folder: string, made: NewCertificate = {}): Promise<CertificateFiles> {
  const { hosts = ['localhost', '127.0.0.1'], notAfter } = made;
  const pair = await generate([{ name: 'commonName', value: 'hub of a test' }], {
    ...{ keyType: 'ec', algorithm: 'sha256', notBeforeDate: MADE_AT },
    ...(notAfter === undefined ? {} : { notAfterDate: notAfter }),
    extensions: [
      { name: 'basicConstraints', cA: false },
      {
        name: 'subjectAltName',
        altNames: hosts.map((one) => (/^[\d.]+$/.test(one) ? { type: 7, ip: one } : { type: 2, value: one })),
      },
    ],
  });
  const files = { certFile: path.join(folder, 'hub.crt'), keyFile: path.join(folder, 'hub.key') };
  writeFileSync(files.certFile, pair.cert);
  writeFileSync(files.keyFile, pair.private);
  return files;
}
