import { MnsAuthError } from './errors.js';

/**
 * Calls MNS; a token that it refuses is replaced once, then the refusal is the caller's to back off from.
 *
 * @param replace resolves when the call would go with a newer token
 */
export async function replacingRefusedToken<T>(
  call: () => Promise<T>,
  replace: (refusal: MnsAuthError) => Promise<unknown>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof MnsAuthError)) throw error;
    await replace(error);
    return call();
  }
}
