/** The TLS options of a webhook: PEM files, read once and checked before the first request needs them. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { describeError, UsageError } from '../../errors.js';

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

/** @throws {UsageError} that names the key, the file and what is wrong with it */
export async function readTls({ ca, cert, key, verify }: TlsFiles): Promise<TlsOptions> {
  const options: TlsOptions = { rejectUnauthorized: verify };
  if (ca !== undefined) options.ca = authorities(ca, await pem('tls.ca', ca));
  if (cert !== undefined && key !== undefined) {
    options.cert = await pem('tls.cert', cert);
    options.key = await pem('tls.key', key);
    try {
      createSecureContext({ cert: options.cert, key: options.key });
    } catch (error) {
      throw unusable(`tls.cert ${cert} and tls.key ${key} do not make a pair`, error);
    }
  }
  return options;
}

async function pem(name: string, path: string): Promise<string> {
  try {
    return await readFile(resolve(path), 'utf8');
  } catch (error) {
    throw unusable(`${name} ${path} cannot be read`, error);
  }
}

/** Node takes no notice of what is no certificate, and would then trust nobody. */
function authorities(path: string, text: string): string[] {
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

function unusable(problem: string, cause?: unknown): UsageError {
  const why = cause === undefined ? '' : `: ${describeError(cause)}`;
  return new UsageError('SINK_WEBHOOK', `sinks: ${problem}${why}`, { cause });
}
