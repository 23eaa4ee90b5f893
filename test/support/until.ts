/** The only kind of waiting in these tests: for a condition, asked again and again. */

const EVERY_MS = 20;

/**
 * Resolves with what `ask` answers as soon as that is neither false nor undefined.
 * @param limit ms; generous, as it only decides when a failure is told
 */
export async function until<T>(
  what: string,
  ask: () => T | false | undefined | Promise<T | false | undefined>,
  limit = 45_000,
): Promise<T> {
  const givenUpAt = performance.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== undefined) return answer;
    if (performance.now() > givenUpAt) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
