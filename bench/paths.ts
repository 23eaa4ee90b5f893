/** Where things are, seen from `dist-bench/bench/`. */

/** The daemon and the emulator as they are shipped. */
export const CLI = new URL('../../dist/cli/main.js', import.meta.url);
/** What runs BullMQ alone. */
export const BULL = new URL('./bull.js', import.meta.url);
