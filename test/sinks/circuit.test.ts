import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Circuit, SinkDownError } from '../../src/sinks/circuit.js';
import { DeadLetterError, RetryLaterError } from '../../src/sinks/sink.js';

const never = new AbortController().signal;

let works: boolean;
let tried: string[];
let changes: (string | undefined)[];
let circuit: Circuit;

beforeEach(() => {
  vi.useFakeTimers();
  works = false;
  tried = [];
  changes = [];
  circuit = new Circuit({ random: () => 0.5, onChange: (problem) => changes.push(problem) });
});

afterEach(() => {
  vi.useRealTimers();
});

function run(id: string, signal = never, act?: () => void): Promise<void> {
  return circuit.run(id, signal, async () => {
    tried.push(id);
    if (act !== undefined) act();
    else if (!works) throw new Error(`${id} refused`);
  });
}

/** As the store does: an event that is given back comes again at once. */
async function persist(id: string): Promise<void> {
  for (;;) {
    try {
      return await run(id);
    } catch (error) {
      if (!(error instanceof SinkDownError)) throw error;
    }
  }
}

/** Opens the circuit: four events lose an attempt, the fifth waits. */
async function open(): Promise<{ fifth: Promise<void> }> {
  for (const id of ['a', 'b', 'c', 'd']) await expect(run(id)).rejects.toThrow();
  const fifth = run('e');
  await vi.advanceTimersByTimeAsync(0);
  return { fifth };
}

test('one event that fails for ever does not open it', async () => {
  for (let n = 0; n < 20; n += 1) await expect(run('a')).rejects.toThrow('a refused');
  expect(circuit.problem).toBeUndefined();
});

test('a success between starts the count anew', async () => {
  for (const id of ['a', 'b', 'c', 'd']) await expect(run(id)).rejects.toThrow();
  works = true;
  await run('x');
  works = false;
  for (const id of ['e', 'f', 'g', 'h']) await expect(run(id)).rejects.toThrow();
  expect(circuit.problem).toBeUndefined();
});

test('what says something of the event alone is an answer of the sink', async () => {
  for (const id of ['a', 'b', 'c', 'd']) await expect(run(id)).rejects.toThrow();
  const hopeless = () => {
    throw new DeadLetterError('no such user');
  };
  await expect(run('x', never, hopeless)).rejects.toThrow('no such user');
  const later = () => {
    throw new RetryLaterError(5_000);
  };
  for (const id of ['e', 'f', 'g', 'h', 'i', 'j'])
    await expect(run(id, never, later)).rejects.toThrow('5000');
  expect(circuit.problem).toBeUndefined();
});

test('several different events in a row open it; the last of them and all that come wait', async () => {
  const { fifth } = await open();
  const next = run('f');
  expect(changes).toEqual(['e refused']);
  expect(tried).toEqual(['a', 'b', 'c', 'd', 'e']);
  works = true;
  await vi.advanceTimersByTimeAsync(750);
  await Promise.all([fifth, next]);
  expect(tried).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'e']);
  expect(changes).toEqual(['e refused', undefined]);
  expect(circuit.openFor).toBe(0);
});

test('is probed with one event at a time, each in its turn, after growing pauses up to half a minute', async () => {
  const { fifth } = await open();
  fifth.catch(() => void persist('e'));
  for (const id of ['f', 'g']) void persist(id);
  tried = [];
  const at: number[] = [];
  for (let ms = 0; ms < 120_000; ms += 50) {
    const before = tried.length;
    await vi.advanceTimersByTimeAsync(50);
    if (tried.length > before) at.push(ms + 50);
  }
  // Those that have not failed yet first.
  expect(tried.slice(0, 5)).toEqual(['f', 'g', 'e', 'f', 'g']);
  const pauses = at.map((time, index) => time - (at[index - 1] ?? 0));
  expect(pauses.slice(0, 7)).toEqual([750, 1500, 3000, 6000, 12_000, 22_500, 22_500]);
  expect(circuit.openFor).toBeGreaterThan(100_000);
});

test('one bad event cannot keep it open', async () => {
  const bad = circuit.run('bad', never, async () => {
    throw new Error('always');
  });
  for (const id of ['a', 'b', 'c', 'd']) void run(id).catch(() => {});
  bad.catch(() => {});
  await vi.advanceTimersByTimeAsync(0);
  works = true;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(circuit.problem).toBeUndefined();
  await expect(bad).rejects.toThrow('always');
});

test('events of which no number is good give their places to others, and lose no attempt', async () => {
  const { fifth } = await open();
  for (let round = 0; round < 20; round += 1) {
    const probe = round === 0 ? fifth : run(`bad ${round}`);
    const given = expect(probe).rejects.toThrow(SinkDownError);
    await vi.advanceTimersByTimeAsync(30_000);
    await given;
  }
  works = true;
  const good = run('good');
  await vi.advanceTimersByTimeAsync(30_000);
  await good;
  expect(circuit.problem).toBeUndefined();
});

test('events that failed while others were delivered do not open it, however many they are', async () => {
  const bad = Array.from({ length: 20 }, (_, index) => `bad ${index}`);
  const fail = (id: string) =>
    expect(
      run(id, never, () => {
        throw new Error(`${id} refused`);
      }),
    ).rejects.toThrow(`${id} refused`);
  works = true;
  for (const id of bad) {
    await fail(id);
    await run('good');
  }
  for (let attempt = 2; attempt <= 8; attempt += 1) for (const id of bad) await fail(id);
  expect(circuit.problem).toBeUndefined();
  works = false;
  await open();
  expect(circuit.problem).toBe('e refused');
});

test('those that found it down first are not to blame once it works again', async () => {
  const { fifth } = await open();
  works = true;
  await vi.advanceTimersByTimeAsync(1_000);
  await fifth;
  works = false;
  for (const id of ['a', 'b', 'c', 'd']) await expect(run(id)).rejects.toThrow();
  void run('f').catch(() => {});
  await vi.advanceTimersByTimeAsync(0);
  expect(circuit.problem).toBe('f refused');
});

test('a sink that names the time of the next try is not asked before', async () => {
  const busy = () => {
    throw Object.assign(new Error('busy'), { delay: 60_000 });
  };
  for (const id of ['a', 'b', 'c', 'd', 'e']) void run(id, never, busy).catch(() => {});
  await vi.advanceTimersByTimeAsync(59_000);
  expect(tried).toHaveLength(5);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(tried).toHaveLength(6);
});

test('gives those who wait back when it drains, and whoever comes later', async () => {
  const { fifth } = await open();
  circuit.drain();
  await expect(fifth).rejects.toThrow(SinkDownError);
  await expect(run('f')).rejects.toThrow('e refused');
  expect(tried).not.toContain('f');
});

test('one who gives up while it waits leaves the line, and a probe that is given up is followed by the next', async () => {
  const { fifth } = await open();
  fifth.catch(() => void persist('e'));
  const impatient = new AbortController();
  const left = run('f', impatient.signal);
  impatient.abort(new Error('lock lost'));
  await expect(left).rejects.toThrow('lock lost');
  const probe = new AbortController();
  const hanging = circuit.run(
    'h',
    probe.signal,
    () =>
      new Promise((_, reject) => {
        probe.signal.addEventListener('abort', () => reject(probe.signal.reason));
      }),
  );
  hanging.catch(() => {});
  // What has not failed yet goes first, and hangs.
  await vi.advanceTimersByTimeAsync(10_000);
  tried = [];
  await vi.advanceTimersByTimeAsync(60_000);
  expect(tried).toEqual([]);
  probe.abort(new Error('stopping'));
  await vi.advanceTimersByTimeAsync(10);
  expect(tried).toEqual(['e']);
});

test('events that failed together, with one error, count once', async () => {
  const together = new Error('503');
  const fail = () => {
    throw together;
  };
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) await expect(run(id, never, fail)).rejects.toThrow('503');
  expect(circuit.problem).toBeUndefined();
});

test('events that are refused because of the sink open it, and die no more once it is open', async () => {
  const refuse = () => {
    throw new DeadLetterError('404', { aboutSink: true });
  };
  for (const id of ['a', 'b', 'c', 'd']) {
    await expect(run(id, never, refuse)).rejects.toThrow(DeadLetterError);
  }
  const fifth = expect(run('e', never, refuse)).rejects.toThrow(SinkDownError);
  await vi.advanceTimersByTimeAsync(10_000);
  await fifth;
  expect(circuit.problem).toBe('404');
  works = true;
  const sixth = run('f');
  await vi.advanceTimersByTimeAsync(60_000);
  await sixth;
  expect(circuit.problem).toBeUndefined();
});

test('a batch that fails again, with its own events only, counts once for each time', async () => {
  for (let time = 1; time <= 5; time += 1) {
    const together = new Error('503');
    const fail = () => {
      throw together;
    };
    const batch = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => run(id, never, fail).catch(() => {}));
    await vi.advanceTimersByTimeAsync(0);
    expect(circuit.problem).toBe(time < 5 ? undefined : '503');
    void batch;
  }
});

test('two events that fail for long with nothing delivered between open it, one alone does not', async () => {
  const alone = () => expect(run('a')).rejects.toThrow('a refused');
  await alone();
  await vi.advanceTimersByTimeAsync(60_000);
  await alone();
  expect(circuit.problem).toBeUndefined();
  run('b').catch(() => {});
  await vi.advanceTimersByTimeAsync(0);
  expect(circuit.problem).toBe('b refused');
});

test('one who waits for very long is given back', async () => {
  const { fifth } = await open();
  fifth.catch(() => {});
  void circuit.run('x', never, () => new Promise(() => {}));
  // The probe of e fails, that of x hangs.
  await vi.advanceTimersByTimeAsync(10_000);
  const given = expect(run('y')).rejects.toThrow(SinkDownError);
  await vi.advanceTimersByTimeAsync(30 * 60_000);
  await given;
  expect(tried).not.toContain('y');
});
