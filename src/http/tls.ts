/** TLS by certificate files: read at the start, and again when they change, so that a renewal needs no restart. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { TlsFiles } from '../config/config.ts';
import { StartError } from '../errors.ts';
import { systemReason } from '../lib/system-error.ts';
import type { Logger } from '../telemetry/log.ts';

export interface Certificate {
  /** With its chain, as in the file. */
  readonly cert: string;
  readonly key: string;
  /** The hub's own, without its chain. */
  readonly x509: X509Certificate;
}

export interface FollowOptions {
  readonly onRenewed: (certificate: Certificate) => void;
  readonly log: Logger;
  readonly everyMs: number;
}

/** @throws StartError that says what is wrong with which of the files. */
export async function readCertificate({ certFile, keyFile }: TlsFiles): Promise<Certificate> {
  const cert = await textOf('TLS_CERT_FILE', certFile);
  const key = await textOf('TLS_KEY_FILE', keyFile);
  const x509 = parsed(() => new X509Certificate(cert), 'TLS_CERT_FILE', certFile, 'certificate in PEM form');
  const expected = 'private key in PEM form without a passphrase';
  const secret: KeyObject = parsed(() => createPrivateKey(key), 'TLS_KEY_FILE', keyFile, expected);
  if (!x509.checkPrivateKey(secret)) {
    throw new StartError(
      `The key in ${keyFile} (TLS_KEY_FILE) does not belong to the first certificate in ${certFile} (TLS_CERT_FILE).`,
    );
  }
  return { cert, key, x509 };
}

/** Whether clients that ask for that name or address accept the certificate. */
export function isFor({ x509 }: Certificate, host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  return (isIP(address) === 0 ? x509.checkHost(address) : x509.checkIP(address)) !== undefined;
}

/** Tells of each new certificate; of files that do not fit together it tells the log, and the old one stays in use. */
export function followCertificate(files: TlsFiles, { onRenewed, log, everyMs }: FollowOptions): Disposable {
  const look = (): void => {
    readCertificate(files).then(
      (certificate) => {
        onRenewed(certificate);
        log.info({ valid_to: certificate.x509.validTo }, 'the TLS certificate was read again');
      },
      (error: unknown) => {
        log.warn(
          { reason: error instanceof Error ? error.message : '' },
          'the TLS certificate was not read again; the old one is in use',
        );
      },
    );
  };
  const watched = [files.certFile, files.keyFile];
  // By looking: what renews certificates moves links and folders, of which not every watcher is told.
  for (const file of watched) watchFile(file, { interval: everyMs, persistent: false }, look);
  return {
    [Symbol.dispose]() {
      for (const file of watched) unwatchFile(file, look);
    },
  };
}

async function textOf(setting: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new StartError(`${file} (${setting}) cannot be read: ${systemReason(error)}.`, { cause: error });
  }
}

function parsed<T>(parse: () => T, setting: string, file: string, expected: string): T {
  try {
    return parse();
  } catch {
    // What the parser says of a key may quote it.
    throw new StartError(`${file} (${setting}) holds no ${expected}.`);
  }
}
