/** The typed handlers a user's module exports for the `module` sink. */
import type { ReceiptEvent, Receipts } from '../../receipts/index.js';
import type { HandlerContext } from '../sink.js';

/**
 * Handles one event. Resolve once its effect is safe: the receipt is then deleted from the queue for good. When
 * `context.signal` aborts (the handler's time is over, or the daemon stops hard) the attempt has failed already, and what
 * the handler still does is on its own account.
 */
export type Handler<Data> = (event: ReceiptEvent<Data>, context: HandlerContext) => void | Promise<void>;

/** One handler a message type; `default` gets every type that has none of its own. */
export type Handlers = { [Type in keyof Receipts]?: Handler<Receipts[Type]> } & {
  default?: Handler<unknown>;
};

/**
 * Gives a module's handlers their types.
 *
 * @example
 * export default defineHandlers({
 *   async SmsReport(event) {
 *     await markDelivered(event.data.biz_id, event.data.success);
 *   },
 * });
 */
export function defineHandlers(handlers: Handlers): Handlers {
  return handlers;
}
