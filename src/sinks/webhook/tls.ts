/** The TLS options of a webhook sink. */
import { UsageError } from '../../errors.js';
import { readTls, type TlsFiles, type TlsOptions } from '../../tls-files.js';

/** @throws {UsageError} when a file of `tls` cannot be used */
export function webhookTls(files: TlsFiles): TlsOptions {
  return readTls(files, (problem, cause) => new UsageError('SINK_WEBHOOK', `sinks: ${problem}`, { cause }));
}
