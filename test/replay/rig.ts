/** A replay in this process, over a real store, with a sink that does what a test says. */
import { readFile, writeFile } from 'node:fs/promises';
import { type Config, parseConfig } from '../../src/config/index.js';
import type { PipelineConfig } from '../../src/pipeline/index.js';
import { type EventRecord, toLine } from '../../src/receipts/index.js';
import { DeadFile } from '../../src/replay/dead-file.js';
import type { Filter } from '../../src/replay/filter.js';
import { lookAt } from '../../src/replay/inputs.js';
import { realClock, unpaced } from '../../src/replay/pace.js';
import { Replay } from '../../src/replay/replay.js';
import { ReplayState } from '../../src/replay/state.js';
import { Tally } from '../../src/replay/tally.js';
import type { Sink } from '../../src/sinks/index.js';
import { type Scratch, sieveOf } from './support.js';

export class TestSink implements Sink {
  readonly name = 'sink';
  /** Lines in the order in which they were confirmed. */
  readonly lines: string[] = [];
  /** Ids in the order in which they came, also of those that were then refused. */
  readonly seen: string[] = [];
  act: (record: EventRecord) => Promise<void> | void = () => {};

  wants(messageType: string): boolean {
    return messageType !== 'Unwanted';
  }

  async deliver(record: EventRecord): Promise<void> {
    this.seen.push(record.id);
    await this.act(record);
    this.lines.push(toLine(record));
  }

  async close(): Promise<void> {}

  get confirmed(): string[] {
    return this.lines.map((line) => (JSON.parse(line) as { id: string }).id);
  }
}

export interface Run {
  finished: boolean;
  tally: Tally;
  notes: string[];
  error?: unknown;
}

export interface RunOptions {
  resume?: boolean;
  filter?: Filter;
  dedupe?: Config['dedupe'];
  dead?: string;
  maxInFlight?: number;
  concurrency?: number;
  attempts?: number;
  stop?: AbortSignal;
  /** The store forgets nothing, as if the process had died before it could. */
  keepJobs?: boolean;
  quietFor?: number;
}

export class Rig {
  readonly dir: Scratch;
  readonly sink = new TestSink();
  readonly pipeline: PipelineConfig;
  readonly files: string[] = [];

  constructor(dir: Scratch, pipeline: Partial<PipelineConfig>) {
    this.dir = dir;
    const queues = [{ messageType: 'SmsReport', queueName: 'unused' }];
    this.pipeline = parseConfig({ queues, pipeline: { dataDir: dir.path('data'), ...pipeline } }).pipeline;
  }

  async file(name: string, content: string | Uint8Array): Promise<string> {
    const path = this.dir.path(name);
    await writeFile(path, content);
    this.files.push(path);
    return path;
  }

  read(name: string): Promise<string> {
    return readFile(this.dir.path(name), 'utf8');
  }

  async run(options: RunOptions = {}): Promise<Run> {
    const { resume = false, filter = { types: [] }, attempts = 1 } = options;
    const notes: string[] = [];
    const note = (text: string) => notes.push(text);
    const inputs = await lookAt(this.files);
    const state = await ReplayState.open({
      pipeline: this.pipeline,
      dedupe: options.dedupe ?? { by: 'id', window: 0 },
      files: inputs.files,
      filter,
      resume,
      note,
    });
    if (options.keepJobs) {
      state.backend.removeCompleted = async () => {};
      state.queue.remove = async () => 1;
    }
    const dead =
      options.dead && DeadFile.open(this.dir.path(options.dead), this.files, state.checkpoint?.dead);
    const tally = new Tally(state.checkpoint?.tally);
    let finished = false;
    try {
      finished = await new Replay({
        files: this.files,
        sieve: sieveOf(filter),
        state,
        sinks: [this.sink],
        tally,
        dead: dead || undefined,
        pace: unpaced,
        clock: realClock,
        concurrency: options.concurrency ?? 16,
        attempts,
        maxInFlight: options.maxInFlight ?? 256,
        onBytes: () => {},
        note,
        stop: options.stop ?? new AbortController().signal,
        hardStop: new AbortController().signal,
        saveEvery: 20,
        retryBase: 20,
        ...(options.quietFor !== undefined && { quietFor: options.quietFor }),
      }).run();
      return { finished, tally, notes };
    } catch (error) {
      return { finished, tally, notes, error };
    } finally {
      await state.close(finished);
      if (dead) dead.close();
    }
  }
}
