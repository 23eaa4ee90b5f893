/** TLS options from PEM files, read once and checked before the first connection needs them. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { describeError, type UsageError } from './errors.js';

export interface TlsFiles {
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  verify: boolean;
}

export interface TlsOptions {
  ca?: string[];
  cert?: string;
  key?: string;
  rejectUnauthorized: boolean;
}

/** Makes the error of a problem; `problem` begins with the key. */
export type RefuseTls = (problem: string, cause?: unknown) => UsageError;

/** @throws {UsageError} that names the key, the file and what is wrong with it */
export function readTls({ ca, cert, key, verify }: TlsFiles, refuse: RefuseTls): TlsOptions {
  const unusable = (problem: string, cause?: unknown) =>
    refuse(cause === undefined ? problem : `${problem}: ${describeError(cause)}`, cause);
  const options: TlsOptions = { rejectUnauthorized: verify };
  if (ca !== undefined) options.ca = authorities(ca, pem('tls.ca', ca, unusable), unusable);
  if (cert !== undefined && key !== undefined) {
    options.cert = pem('tls.cert', cert, unusable);
    options.key = pem('tls.key', key, unusable);
    try {
      createSecureContext({ cert: options.cert, key: options.key });
    } catch (error) {
      throw unusable(`tls.cert ${cert} and tls.key ${key} do not make a pair`, error);
    }
  }
  return options;
}

function pem(name: string, path: string, unusable: RefuseTls): string {
  try {
    return readFileSync(resolve(path), 'utf8');
  } catch (error) {
    throw unusable(`${name} ${path} cannot be read`, error);
  }
}

/** Node takes no notice of what is no certificate, and would then trust nobody. */
function authorities(path: string, text: string, unusable: RefuseTls): string[] {
  const found =
    text.match(/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----.*?-----END [A-Z0-9 ]*CERTIFICATE-----/gs) ?? [];
  if (found.length === 0) throw unusable(`tls.ca ${path} holds no certificate in PEM`);
  for (const certificate of found) {
    try {
      new X509Certificate(certificate);
    } catch (error) {
      throw unusable(`tls.ca ${path} holds a broken certificate`, error);
    }
  }
  return found;
}
