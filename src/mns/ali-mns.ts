/**
 * The one door to the `ali-mns` package: resource URLs, signatures and XML bodies come from it, and nothing else does.
 * Its own transport never runs, and its telemetry is off before any of its objects exists.
 */
import { createRequire } from 'node:module';
import type { MnsCredentials } from './credentials.js';

// Loaded by require and typed here, because the package's own type file declares globals (`Promise: any` among them).
interface Account {
  setGA(enabled: boolean): void;
}
interface OpenStack {
  makeHeaders(
    method: string,
    url: string,
    headers: Record<string, string>,
    body?: string,
  ): Record<string, string>;
  _xmlBuilder: { create(root: object): { toString(): string } };
}
interface AliMns {
  Account: new (accountId: string, keyId: string, keySecret: string) => Account;
  OpenStack: new (account: Account) => OpenStack;
  MQBatch: new (name: string, account: Account) => { makeURL(): string };
}

const aliMns: AliMns = createRequire(import.meta.url)('ali-mns');

/** Makes ali-mns' requests for one queue, for somebody else to send. */
export class AliQueue {
  /** Path of the queue's messages, `/queues/{name}/messages`. */
  readonly messagesPath: string;
  readonly #origin: string;
  #signer: { stack: OpenStack; credentials: MnsCredentials } | undefined;

  constructor(origin: string, queueName: string) {
    this.#origin = origin;
    // ali-mns hard-codes its host, so only the path of its URL counts.
    this.messagesPath = new URL(new aliMns.MQBatch(queueName, quietAccount()).makeURL()).pathname;
  }

  /**
   * Headers of a request, signed (V2, reference/mns-http.md §3). The STS token is added here, as ali-mns knows none; it
   * is not part of the signature.
   *
   * @param path path and query exactly as they will be sent
   */
  headers(
    method: string,
    path: string,
    body: string | undefined,
    credentials: MnsCredentials,
    userAgent: string,
  ): Record<string, string> {
    const own: Record<string, string> = { 'User-Agent': userAgent };
    if (body !== undefined) own['Content-Length'] = String(Buffer.byteLength(body));
    const headers = this.#stackFor(credentials).makeHeaders(method, this.#origin + path, own, body);
    if (credentials.securityToken) headers['security-token'] = credentials.securityToken;
    return headers;
  }

  /** Body of BatchDeleteMessage. */
  deleteBody(receiptHandles: readonly string[], credentials: MnsCredentials): string {
    const list = receiptHandles.map((ReceiptHandle) => ({ ReceiptHandle }));
    return this.#stackFor(credentials)
      ._xmlBuilder.create({ ReceiptHandles: { '#list': list } })
      .toString();
  }

  #stackFor(credentials: MnsCredentials): OpenStack {
    const known = this.#signer;
    if (
      known?.credentials.accessKeyId === credentials.accessKeyId &&
      known.credentials.accessKeySecret === credentials.accessKeySecret
    )
      return known.stack;
    const stack = new aliMns.OpenStack(quietAccount(credentials));
    this.#signer = { stack, credentials };
    return stack;
  }
}

/** The account id would only go into the host name, which we replace. */
function quietAccount(credentials?: MnsCredentials): Account {
  const account = new aliMns.Account(
    'receiptd',
    credentials?.accessKeyId ?? '',
    credentials?.accessKeySecret ?? '',
  );
  account.setGA(false);
  return account;
}
