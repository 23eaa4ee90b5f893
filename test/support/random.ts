/** Dice that fall the same way each time, so that a failing property test can be run again. */
export type Dice = () => number;

/** mulberry32 */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `from` to `to`, both included. */
export function whole(random: Dice, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}
