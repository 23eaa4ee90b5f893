/** The messages that are under way: registered before they are handed off, gone when they are settled. */
import type { Position } from '../message-file/index.js';
import type { CompleteMessage } from './sieve.js';

export interface UnderWay {
  message: CompleteMessage;
  at: Position;
  /** The entry's number among all of the replay, from 1. */
  number: number;
  /** How the receipt differs from its schema, if it does. */
  drift: string | undefined;
}

export class Window {
  readonly #messages = new Map<string, UnderWay>();
  #waiting: (() => void)[] = [];

  get size(): number {
    return this.#messages.size;
  }

  get all(): UnderWay[] {
    return [...this.#messages.values()];
  }

  add(entry: UnderWay): void {
    this.#messages.set(entry.message.messageId, entry);
  }

  get(messageId: string): UnderWay | undefined {
    return this.#messages.get(messageId);
  }

  delete(messageId: string): void {
    this.#messages.delete(messageId);
    this.notify();
  }

  /** Something that those who wait may wait for has happened. */
  notify(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves as soon as the condition holds; it is looked at again whenever something has happened. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }
}
