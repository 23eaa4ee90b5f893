/** Certificates made by openssl, in a directory of the test's own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  cert: Buffer;
  key: Buffer;
  /** Of the certificate's PEM file; the key's is beside it, as `.key`. */
  path: string;
}

export interface CertificateOptions {
  /** Another of these, which signs it; it signs itself otherwise. */
  issuer?: string;
  /** As openssl has them. @default 'IP:127.0.0.1' */
  names?: string;
  /** How long it is valid; negative when it has expired. @default 30 */
  days?: number;
}

export class Certificates {
  readonly #directory = mkdtempSync(join(tmpdir(), 'receiptd-tls-'));

  make(name: string, { issuer, names = 'IP:127.0.0.1', days = 30 }: CertificateOptions = {}): Certificate {
    const [pem, key, request] = ['pem', 'key', 'csr'].map((suffix) => this.at(`${name}.${suffix}`)) as [
      string,
      string,
      string,
    ];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
    const says = [
      `subjectAltName=${names}`,
      `basicConstraints=CA:${issuer === undefined ? 'TRUE' : 'FALSE'}`,
    ];
    const what = ['-subj', `/O=${name}/CN=${name}`, ...says.flatMap((extension) => ['-addext', extension])];
    openssl('req', '-new', ...curve, ...what, '-out', request);
    const by =
      issuer === undefined
        ? ['-signkey', key]
        : ['-CA', this.at(`${issuer}.pem`), '-CAkey', this.at(`${issuer}.key`), '-CAcreateserial'];
    openssl(
      'x509',
      '-req',
      '-in',
      request,
      ...by,
      '-copy_extensions',
      'copy',
      '-days',
      `${days}`,
      '-out',
      pem,
    );
    return { cert: readFileSync(pem), key: readFileSync(key), path: pem };
  }

  at(name: string): string {
    return join(this.#directory, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
