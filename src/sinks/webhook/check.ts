/** Does the receiver answer? Asks with OPTIONS, which delivers nothing, with the headers that a delivery has. */
import type { SinkConfig } from '../../config/index.js';
import { type Finding, fail, ok, warn } from '../../finding.js';
import { ReachError, type Reached, reach } from '../../reach.js';
import { VERSION } from '../../version.js';
import { basicAuth } from './auth.js';
import { webhookTls } from './tls.js';

const CERTIFICATE_SOON_MS = 14 * 24 * 3_600_000;

export type WebhookPlace = Pick<
  Extract<SinkConfig, { type: 'webhook' }>,
  'url' | 'headers' | 'tls' | 'timeout'
>;

/** @throws {UsageError} when a file of `tls` cannot be used */
export async function checkWebhook(
  { url: text, headers, tls: files }: WebhookPlace,
  signal: AbortSignal,
): Promise<Finding> {
  const url = new URL(text);
  const tls = webhookTls(files);
  try {
    const sent = { 'user-agent': `receiptd/${VERSION}`, ...basicAuth(url), ...headers };
    return judge(url, await reach({ url, method: 'OPTIONS', headers: sent, tls, signal }));
  } catch (error) {
    if (!(error instanceof ReachError)) throw error;
    const advice =
      error.stage === 'tls'
        ? "check the sink's url, and name the receiver's authority in tls.ca"
        : "check the sink's url and the way there";
    return fail(error.message, advice);
  }
}

/** Neither its path nor its query is told: both may be secret. */
function judge(url: URL, { address, certificate, status }: Reached): Finding {
  const found = `${url.origin} (${address}) answers OPTIONS with HTTP ${status}`;
  if (certificate?.distrust !== undefined)
    return warn(`${found}, but ${certificate.distrust}`, 'it is used all the same, as tls.verify is false');
  if (certificate !== undefined && certificate.validTo - Date.now() < CERTIFICATE_SOON_MS)
    return warn(
      `${found}, its certificate ends on ${new Date(certificate.validTo).toISOString().slice(0, 10)}`,
      'let the receiver renew it',
    );
  if (status === 401 || status === 403)
    return warn(found, "if it says so to POST as well, check the sink's url and headers");
  if (status >= 300 && status < 400) return warn(found, "set the sink's url to where that leads");
  if (status >= 500) return warn(found, 'the receiver is in trouble');
  // Most receivers know nothing of OPTIONS, and say so with 404 or 405.
  return ok(found);
}
