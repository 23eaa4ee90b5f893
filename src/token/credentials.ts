/** Our own AccessKey: from the configuration, else from Alibaba Cloud's default chain, asked for at each use. */
import { createRequire } from 'node:module';
import { UsageError } from '../errors.js';
import type { MnsCredentials } from '../mns/index.js';
import { environmentValue, fileVariable, SecretFileError } from '../secret-file.js';

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

/** Variables of the default chain, each of which may be given as a file. */
const VARIABLES = {
  accessKeyId: 'ALIBABA_CLOUD_ACCESS_KEY_ID',
  accessKeySecret: 'ALIBABA_CLOUD_ACCESS_KEY_SECRET',
  securityToken: 'ALIBABA_CLOUD_SECURITY_TOKEN',
} as const;

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
    const inFiles = config.accessKeyId ? undefined : namedByFiles();
    if (inFiles !== undefined) return inFiles;
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

/**
 * The keys that the environment names, where files hold any of them; else undefined. Read anew each time.
 * @throws {CredentialsError} when a file has no value, or a key is without its secret
 */
function namedByFiles(): MnsCredentials | undefined {
  const { env } = process;
  if (!Object.values(VARIABLES).some((name) => env[fileVariable(name)])) return undefined;
  const textOf = (name: string) => {
    try {
      return environmentValue(name, env, process.cwd())?.text ?? '';
    } catch (error) {
      if (!(error instanceof SecretFileError)) throw error;
      throw new CredentialsError('CREDENTIALS_FILE', `${name}: ${error.message}`);
    }
  };
  const accessKeyId = textOf(VARIABLES.accessKeyId);
  const accessKeySecret = textOf(VARIABLES.accessKeySecret);
  const securityToken = textOf(VARIABLES.securityToken);
  if (accessKeyId && accessKeySecret)
    return { accessKeyId, accessKeySecret, ...(securityToken && { securityToken }) };
  const missing = accessKeyId ? VARIABLES.accessKeySecret : VARIABLES.accessKeyId;
  throw new CredentialsError(
    'CREDENTIALS_FILE',
    `${missing}: is not set, and neither is ${fileVariable(missing)}, but the other one is`,
  );
}

function openSource({ accessKeyId, accessKeySecret, securityToken }: CredentialsConfig): Source {
  if (!accessKeyId) return new Credential();
  const type = securityToken ? 'sts' : 'access_key';
  return new Credential(new Config({ type, accessKeyId, accessKeySecret, securityToken }));
}
