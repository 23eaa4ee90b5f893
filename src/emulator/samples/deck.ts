/**
 * What befalls a row of calls (messages, parcels …), and which reports follow from it. A deck is dealt over and over in
 * the same order, so shares are exact, and the report with a given number is found without going through those before it:
 * all types of reports number the same calls, and a join over the call id finds what belongs together.
 */
import { cycle } from './series.js';

export type Cards<Card> = readonly [Card, ...Card[]];

/** Which report of which call. */
export interface Place {
  /** Number of the call, from 0. */
  call: number;
  /** Number of the report among those of this type about this call, from 0. */
  report: number;
}

export class Deck<Card> {
  readonly #cards: Cards<Card>;

  constructor(cards: Cards<Card>) {
    this.#cards = cards;
  }

  /** What befalls that call. */
  card(call: number): Card {
    return cycle(this.#cards, call);
  }

  /**
   * Numbers the reports of one type through all calls.
   * @param count how many of them such a call gives rise to
   */
  reports(count: (card: Card) => number): (n: number) => Place {
    const round = this.#cards.flatMap((card, call) =>
      Array.from({ length: count(card) }, (_, report) => ({ call, report })),
    );
    const [first, ...others] = round;
    if (first === undefined) throw new RangeError('no card of this deck gives rise to a report');
    const places: Cards<Place> = [first, ...others];
    return (n) => {
      const { call, report } = cycle(places, n);
      return { call: Math.floor(n / places.length) * this.#cards.length + call, report };
    };
  }
}
