/** Certificates made by openssl for loopback, in a directory of the test's own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Certificates {
  readonly #directory = mkdtempSync(join(tmpdir(), 'receiptd-tls-'));

  /** NAME.pem and NAME.key; signed by itself, or by another of these. */
  make(name: string, issuer?: string): this {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const what = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
    const by =
      issuer === undefined ? [] : ['-CA', this.at(`${issuer}.pem`), '-CAkey', this.at(`${issuer}.key`)];
    const out = ['-keyout', this.at(`${name}.key`), '-out', this.at(`${name}.pem`)];
    execFileSync('openssl', ['req', '-x509', ...curve, ...what, ...by, ...out], { stdio: 'pipe' });
    return this;
  }

  at(name: string): string {
    return join(this.#directory, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
