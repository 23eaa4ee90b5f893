/** The POP RPC signature V1 (pop-rpc.md §2), from the server's side. */
import { createHmac } from 'node:crypto';

/** Percent-encoding of everything but `A–Z a–z 0–9 - _ . ~`: stricter than `encodeURIComponent`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Over all parameters but Signature itself, sorted by name. */
export function popStringToSign(method: string, parameters: ReadonlyMap<string, string>): string {
  const query = [...parameters.keys()]
    .filter((name) => name !== 'Signature')
    .sort()
    .map((name) => `${encode(name)}=${encode(parameters.get(name) ?? '')}`)
    .join('&');
  return `${method}&%2F&${encode(query)}`;
}

export function popSignature(accessKeySecret: string, stringToSign: string): string {
  return createHmac('sha1', `${accessKeySecret}&`).update(stringToSign).digest('base64');
}
