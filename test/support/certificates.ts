/** Certificates of a test's own, made by openssl. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  cert: Buffer;
  key: Buffer;
  /** Of the certificate's PEM file. */
  path: string;
}

export class Certificates {
  readonly #directory = mkdtempSync(join(tmpdir(), 'receiptd-certificates-'));

  /** Signed by itself. @param names as openssl has them, such as `IP:127.0.0.1` @param days negative when it has expired */
  make(name: string, names: string, days = 30): Certificate {
    const at = (suffix: string) => join(this.#directory, `${name}.${suffix}`);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', at('key')];
    const what = ['-subj', `/O=${name}/CN=${name}`, '-addext', `subjectAltName=${names}`, '-out', at('csr')];
    const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
    openssl('req', '-new', ...key, ...what);
    const signed = ['-signkey', at('key'), '-copy_extensions', 'copy', '-days', String(days)];
    openssl('x509', '-req', '-in', at('csr'), ...signed, '-out', at('pem'));
    return { cert: readFileSync(at('pem')), key: readFileSync(at('key')), path: at('pem') };
  }

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
