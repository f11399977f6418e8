/** The code of a failed system call (`EACCES`, `ENOENT`, …), if `error` is one. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of its path is a file',
  EISDIR: 'it is a folder',
  EEXIST: 'a file of that name is in the way',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed, and NODE_EXTRA_CA_CERTS does not name it',
  SELF_SIGNED_CERT_IN_CHAIN: 'NODE_EXTRA_CA_CERTS does not name who signed its certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'NODE_EXTRA_CA_CERTS does not name who signed its certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'NODE_EXTRA_CA_CERTS does not name who signed its certificate',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

/** Says in words why a system call failed. */
export function systemReason(error: unknown): string {
  const code = systemCode(error);
  return code === undefined ? String(error) : (REASONS[code] ?? code);
}
