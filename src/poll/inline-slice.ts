/** A slice in this thread: for the embedded store, which has one owner, and for handlers that are functions here. */
import type { Logger } from 'pino';
import type { Sink } from '../sinks/index.js';
import type { SliceEvents, SliceHandle, SliceSpec } from './handle.js';
import { KnownDrift } from './known-drift.js';
import { type Foundations, openFoundations } from './open-slice.js';
import type { SharedStore } from './shared-store.js';
import { Slice } from './slice.js';
import { TokenBoard } from './tokens.js';

/**
 * @param onOpen gets the store as soon as it is open
 * @param extraSinks sinks beside the configured ones
 * @param store shared with the slices before and after
 */
export function inlineSlice(
  spec: SliceSpec,
  events: SliceEvents,
  log: Logger,
  onOpen: (foundations: Foundations) => void,
  extraSinks: readonly Sink[] = [],
  store?: SharedStore,
): SliceHandle {
  const { config, slices, index, once, places, slot } = spec;
  const tokens = new TokenBoard(events.onRefused);
  const opening = new AbortController();
  let slice: Slice | undefined;
  let primary: readonly string[] = [];
  let problem = '';
  let foundations: Foundations | undefined;
  let started = false;
  let stopping = false;
  const open = async () => {
    const onProblem = (text: string) => {
      problem = text;
    };
    foundations = await openFoundations(spec, log, onProblem, opening.signal, extraSinks, store);
    onOpen(foundations);
    if (started) begin();
  };
  const begin = () => {
    if (foundations === undefined || slice !== undefined || stopping) return;
    slice = new Slice({
      ...foundations,
      config,
      slices,
      places,
      slot,
      once,
      tokens,
      knownDrift: new KnownDrift(spec.knownDrift),
      log: log.child({ slice: index }),
      onBusy: events.onBusy,
    });
    slice.setPrimary(primary);
    slice.start();
  };
  const ready = open();
  return {
    ready,
    start: () => {
      started = true;
      begin();
    },
    setToken: (queueName, token) => tokens.set(queueName, token),
    setPrimary: (queueNames) => {
      primary = queueNames;
      slice?.setPrimary(queueNames);
    },
    wake: (queueName) => slice?.wake(queueName),
    // One that is not open yet is about to open its files.
    reopen: () => void slice?.reopen(),
    stop: async (pollGrace) => {
      stopping = true;
      opening.abort();
      await ready.catch(() => {});
      await (slice === undefined ? foundations?.close() : slice.stop(pollGrace));
    },
    abort: () => slice?.abort(),
    // Nobody can end what goes on in this thread.
    kill: () => {},
    snapshot: () => slice?.snapshot() ?? { queues: {}, sinks: [] },
    recent: async (query) => slice?.recent(query) ?? [],
    problem: () => problem,
  };
}
