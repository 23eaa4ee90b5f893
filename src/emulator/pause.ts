/** Waiting on behalf of a client that may hang up. */

/** @returns true after that time; false as soon as the client is gone, leaving no timer behind */
export function pause(milliseconds: number, onDisconnect: (listener: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), milliseconds);
    onDisconnect(() => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}
