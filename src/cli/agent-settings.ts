import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { WpcloneError } from '../shared/errors.ts';
import { cannotRead } from './file-errors.ts';

/** The certificate and its key, in PEM; both or neither. Throws BAD_INPUT. */
export function readTls(files: {
  readonly 'tls-cert'?: string | undefined;
  readonly 'tls-key'?: string | undefined;
}): { readonly cert: string; readonly key: string } | undefined {
  const { 'tls-cert': cert, 'tls-key': key } = files;
  if (cert === undefined || key === undefined) return undefined;
  const tls = { cert: read(cert), key: read(key) };
  try {
    createSecureContext(tls);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new WpcloneError('BAD_INPUT', `${cert} and ${key} are no certificate and its key: ${why}`, { cause });
  }
  return tls;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw cannotRead(path, path, cause);
  }
}
