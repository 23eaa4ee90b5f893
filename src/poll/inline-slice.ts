/** A slice in this thread: for the embedded store, which has one owner, and for handlers that are functions here. */
import type { Logger } from 'pino';
import type { Sink } from '../sinks/index.js';
import type { SliceEvents, SliceHandle, SliceSpec } from './handle.js';
import { KnownDrift } from './known-drift.js';
import { type Foundations, openFoundations } from './open-slice.js';
import { Slice } from './slice.js';
import { TokenBoard } from './tokens.js';

/** @param onOpen gets the store as soon as it is open @param extraSinks sinks beside the configured ones */
export function inlineSlice(
  spec: SliceSpec,
  events: SliceEvents,
  log: Logger,
  onOpen: (foundations: Foundations) => void,
  extraSinks: readonly Sink[] = [],
): SliceHandle {
  const { config, slices, index, places } = spec;
  const tokens = new TokenBoard(events.onRefused);
  const opening = new AbortController();
  let slice: Slice | undefined;
  let primary: readonly string[] = [];
  let problem = '';
  const open = async () => {
    const onProblem = (text: string) => {
      problem = text;
    };
    const foundations = await openFoundations(spec, log, onProblem, opening.signal, extraSinks);
    onOpen(foundations);
    const { backend, sinks, capture, tracing } = foundations;
    slice = new Slice({
      config,
      slices,
      index,
      places,
      backend,
      sinks,
      capture,
      tracing,
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
    setToken: (queueName, token) => tokens.set(queueName, token),
    setPrimary: (queueNames) => {
      primary = queueNames;
      slice?.setPrimary(queueNames);
    },
    wake: (queueName) => slice?.wake(queueName),
    // One that is not open yet is about to open its files.
    reopen: () => void slice?.reopen(),
    stop: async () => {
      opening.abort();
      await ready.catch(() => {});
      await slice?.stop();
    },
    abort: () => slice?.abort(),
    snapshot: () => slice?.snapshot() ?? { queues: {}, sinks: [] },
    recent: async (query) => slice?.recent(query) ?? [],
    problem: () => problem,
  };
}
