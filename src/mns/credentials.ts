/** What signs a request, and how to keep it out of text. */

/** An AccessKey; with `securityToken` a temporary one (STS). */
export interface MnsCredentials {
  accessKeyId: string;
  accessKeySecret: string;
  securityToken?: string;
}

/** `text` with every part of the credentials replaced by `***`: servers like to repeat what they were sent. */
export function hideSecrets(text: string, credentials: MnsCredentials): string {
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  return [securityToken, accessKeySecret, accessKeyId]
    .filter((secret): secret is string => Boolean(secret))
    .reduce((hidden, secret) => hidden.replaceAll(secret, '***'), text);
}
