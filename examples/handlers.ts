/**
 * Handlers for receipts, and a program that runs the daemon around them. `orders` is yours: a database, an API. A handler
 * that returns has confirmed its event; one that throws gets it again.
 */
import {
  type ConfigInput,
  createReceiptd,
  deadLetter,
  defineHandlers,
  type Handlers,
  normalize,
  type Receiptd,
  retryAfter,
} from 'receiptd';

export interface Orders {
  /** Must be idempotent by `eventId`: an event may come twice when a process dies between its effect and our note of it. */
  setDelivered(
    eventId: string,
    outId: string,
    delivered: boolean,
    why?: string,
  ): Promise<'done' | 'no such order'>;
  bill(eventId: string, callId: string, seconds: number): Promise<void>;
}

export function handlersFor(orders: Orders): Handlers {
  return defineHandlers({
    async SmsReport(event, { attempt, log }) {
      const { out_id: outId, biz_id } = event.data; // typed: `event.data.nope` does not compile
      if (outId === undefined || outId === '') throw deadLetter('sent without an OutId, nothing to update');
      const view = normalize(event); // the same questions for every message type: delivered or not, and why
      if (view.kind !== 'message') throw deadLetter('no report of a message');
      const delivered = view.outcome === 'delivered';
      const result = await orders.setDelivered(event.id, outId, delivered, view.reason?.en);
      if (result === 'done') return;
      // The receipt can be faster than our own commit.
      if (attempt < 5) throw retryAfter(2_000, `order ${outId} is not there yet`);
      log.warn({ biz_id }, 'nobody knows this order');
      throw deadLetter(`no order ${outId}`);
    },

    async VoiceReport(event) {
      const call = normalize(event);
      if (call.kind === 'call' && call.outcome === 'answered')
        await orders.bill(event.id, event.data.call_id, call.talkSeconds ?? 0);
    },
  });
}

/** @param config as in receiptd.yaml; what has a default may be left out */
export async function runWith(orders: Orders, config: ConfigInput): Promise<Receiptd> {
  const daemon = createReceiptd({ config, handlers: handlersFor(orders) });
  await daemon.start();
  return daemon; // `await daemon.stop()` drains: what is under way is finished, acknowledged, and nothing is lost
}
