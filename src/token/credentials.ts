/** Our own AccessKey: from the configuration, else from Alibaba Cloud's default chain, asked for at each use. */
import { createRequire } from 'node:module';
import { UsageError } from '../errors.js';
import type { MnsCredentials } from '../mns/index.js';

/** What we use of the package. */
interface Source {
  getCredential(): Promise<{ [Key in keyof MnsCredentials]?: string | undefined }>;
}
interface CredentialsPackage {
  default: new (config?: object) => Source;
  Config: new (config: object) => object;
}

// By require: a CommonJS package whose export is called `default` looks different to Node and to bundlers.
const { default: Credential, Config }: CredentialsPackage = createRequire(import.meta.url)(
  '@alicloud/credentials',
);

/** The configuration's `credentials`; without keys the default chain is used. */
export interface CredentialsConfig {
  accessKeyId?: string;
  accessKeySecret?: string;
  securityToken?: string;
}

/** There are no credentials, or their source failed. */
export class CredentialsError extends UsageError {}

/**
 * @returns a function that looks up the credentials anew, so that rotated ones are taken up; the chain's own caching of
 * role credentials stays in force. It throws `CredentialsError`.
 */
export function createCredentials(config: CredentialsConfig): () => Promise<MnsCredentials> {
  let source: Source | undefined;
  return async () => {
    try {
      source ??= openSource(config);
      const { accessKeyId, accessKeySecret, securityToken } = await source.getCredential();
      if (accessKeyId && accessKeySecret)
        return { accessKeyId, accessKeySecret, ...(securityToken ? { securityToken } : {}) };
    } catch {
      // Not quoted: the package's messages may hold whole answers of a credentials server, secrets included.
    }
    // The chain holds on to the last provider it tried, also one that failed, so a new try needs a new chain.
    source = undefined;
    throw new CredentialsError(
      'CREDENTIALS_MISSING',
      'no Alibaba Cloud credentials found: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or ' +
        'credentials.accessKeyId and credentials.accessKeySecret in the configuration, or run with a RAM role (OIDC, ECS)',
    );
  };
}

function openSource({ accessKeyId, accessKeySecret, securityToken }: CredentialsConfig): Source {
  if (!accessKeyId) return new Credential();
  const type = securityToken ? 'sts' : 'access_key';
  return new Credential(new Config({ type, accessKeyId, accessKeySecret, securityToken }));
}
