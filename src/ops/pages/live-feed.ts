/**
 * Keeps open overviews up to date by server-sent events: each gets the parts that differ from what it has. What is sent is
 * gathered once a round and rendered once a kind of viewer, whatever the number of viewers, which is bounded. Nothing is
 * asked for while nobody looks.
 */
import type { FastifyReply } from 'fastify';
import type { Visitor } from '../access/index.js';
import type { Gatherer } from './gather.js';
import { PARTS, type Part, renderParts } from './parts.js';
import type { Overview, View } from './view.js';

export interface LiveFeedOptions {
  /** ms between two rounds. @default 2000 */
  every?: number;
  /** Rounds between two questions to the store. @default 3 */
  roundsOfStore?: number;
  /** ms of silence after which a comment keeps proxies from closing. @default 15000 */
  heartbeat?: number;
  /** Viewers at a time. @default 32 */
  most?: number;
}

interface Viewer {
  view: View;
  visitor: Visitor;
  reply: FastifyReply;
  parts: readonly Part[];
  sent: Map<Part, string>;
  /** ms since the epoch when it was last written to. */
  at: number;
}

/** What a page of search results has as well. */
const WITHOUT_STORE: readonly Part[] = ['about', 'headline', 'reasons', 'figures'];
/** ms that a connection may take nothing. */
const STUCK = 60_000;

export class LiveFeed {
  readonly #gatherer: Gatherer;
  readonly #mayLook: (visitor: Visitor) => boolean;
  readonly #every: number;
  readonly #roundsOfStore: number;
  readonly #heartbeat: number;
  readonly #most: number;
  readonly #viewers = new Set<Viewer>();
  #timer: NodeJS.Timeout | undefined;
  #round = 0;
  #stored: Pick<Overview, 'letters' | 'dead' | 'recent'> | undefined;

  constructor(gatherer: Gatherer, mayLook: (visitor: Visitor) => boolean, options: LiveFeedOptions = {}) {
    this.#gatherer = gatherer;
    this.#mayLook = mayLook;
    this.#every = options.every ?? 2_000;
    this.#roundsOfStore = options.roundsOfStore ?? 3;
    this.#heartbeat = options.heartbeat ?? 15_000;
    this.#most = options.most ?? 32;
  }

  get isFull(): boolean {
    return this.#viewers.size >= this.#most;
  }

  /** @param searches whether the page shows search results, which stay as they are */
  add(
    reply: FastifyReply,
    { view, visitor, searches }: { view: View; visitor: Visitor; searches: boolean },
  ): void {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      ...reply.getHeaders(),
      'content-type': 'text/event-stream; charset=utf-8',
      // nginx would keep events until there are enough of them.
      'x-accel-buffering': 'no',
    } as Record<string, string>);
    raw.write('retry: 3000\n\n');
    const parts = searches ? WITHOUT_STORE : (Object.keys(PARTS) as Part[]);
    const viewer: Viewer = { view, visitor, reply, parts, sent: new Map(), at: Date.now() };
    this.#viewers.add(viewer);
    raw.once('close', () => this.#viewers.delete(viewer));
    this.#schedule();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { reply } of this.#viewers) reply.raw.end();
    this.#viewers.clear();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#viewers.size === 0) return;
    this.#timer = setTimeout(() => {
      void this.#send().finally(() => {
        this.#timer = undefined;
        this.#schedule();
      });
    }, this.#every);
    this.#timer.unref();
  }

  async #send(): Promise<void> {
    const overview = await this.#overview();
    const rendered = new Map<string, Record<Part, string>>();
    for (const viewer of this.#viewers) {
      const { view, visitor, reply } = viewer;
      if (!this.#mayLook(visitor)) reply.raw.end();
      else if (reply.raw.writableNeedDrain) {
        if (Date.now() - viewer.at > STUCK) reply.raw.destroy();
      } else {
        const kind = `${view.language} ${view.role}`;
        let parts = rendered.get(kind);
        if (parts === undefined) {
          const made = Object.entries(renderParts(view, overview)).map(([name, { text }]) => [name, text]);
          parts = Object.fromEntries(made) as Record<Part, string>;
          rendered.set(kind, parts);
        }
        this.#update(viewer, parts);
      }
    }
  }

  #update(viewer: Viewer, parts: Record<Part, string>): void {
    const changed = viewer.parts.filter((name) => viewer.sent.get(name) !== parts[name]);
    const { raw } = viewer.reply;
    if (changed.length > 0) {
      for (const name of changed) viewer.sent.set(name, parts[name]);
      raw.write(
        `data: ${JSON.stringify(Object.fromEntries(changed.map((name) => [name, parts[name]])))}\n\n`,
      );
    } else if (Date.now() - viewer.at > this.#heartbeat) raw.write(':\n\n');
    else return;
    viewer.at = Date.now();
  }

  /** The store is asked less often than what is known anyway. */
  async #overview(): Promise<Overview> {
    if (this.#stored === undefined || this.#round % this.#roundsOfStore === 0) {
      const { letters, dead, recent } = await this.#gatherer.overview('');
      this.#stored = { letters, dead, recent };
    }
    this.#round += 1;
    return { ...this.#gatherer.figures(), ...this.#stored, query: '' };
  }
}
