/** Taking messages out of queues without deleting them: when it ends, what counts, and what is given back. */
import { describe, expect, test } from 'vitest';
import { Pull, type PullOptions, type PullQueue } from '../../src/capture/pull.js';
import { UsageError } from '../../src/errors.js';
import {
  MnsFatalError,
  MnsHandleError,
  MnsTransientError,
  type ReceivedMessage,
} from '../../src/mns/index.js';

function received(messageId: string, more: Partial<ReceivedMessage> = {}): ReceivedMessage {
  const now = Date.now();
  return {
    messageId,
    receiptHandle: `handle of ${messageId}`,
    body: 'e30=',
    enqueueTime: now,
    firstDequeueTime: now,
    nextVisibleTime: now + 30_000,
    dequeueCount: 1,
    priority: 8,
    receivedAt: now,
    visibleUntil: now + 30_000,
    ...more,
  };
}

const details = (code: string) => ({ code, operation: 'BatchReceiveMessage' as const, queueName: 'q' });

/** Hands out its messages in order; an error in between is thrown. */
class FakeQueue implements PullQueue {
  readonly queueName: string;
  readonly messageType = 'SmsReport';
  readonly asked: number[] = [];
  readonly released: string[] = [];
  content: (ReceivedMessage | Error)[];

  constructor(queueName: string, content: (ReceivedMessage | Error)[]) {
    this.queueName = queueName;
    this.content = content;
  }

  static of(queueName: string, count: number): FakeQueue {
    return new FakeQueue(
      queueName,
      Array.from({ length: count }, (_, n) => received(`${queueName}-${n}`)),
    );
  }

  async receive(max: number): Promise<ReceivedMessage[]> {
    this.asked.push(max);
    await new Promise(setImmediate);
    const [first] = this.content;
    if (first instanceof Error) {
      this.content.shift();
      throw first;
    }
    const end = this.content.findIndex((entry) => entry instanceof Error);
    const most = end < 0 ? max : Math.min(max, end);
    return this.content.splice(0, most) as ReceivedMessage[];
  }

  async release(receiptHandle: string): Promise<void> {
    this.released.push(receiptHandle);
  }
}

function pulling<Queue extends PullQueue>(queues: Queue[], more: Partial<PullOptions<Queue>> = {}) {
  const got: string[] = [];
  const pull = new Pull<Queue>({
    queues,
    max: 1000,
    ends: new AbortController().signal,
    cut: new AbortController().signal,
    onMessages: async (messages) => {
      got.push(...messages.map(({ messageId }) => messageId));
      return messages.length;
    },
    ...more,
  });
  return { pull, got };
}

test('ends when every queue is empty', async () => {
  const { pull, got } = pulling([FakeQueue.of('a', 40), FakeQueue.of('b', 0), FakeQueue.of('c', 3)]);
  expect(await pull.run()).toEqual([
    { queueName: 'a', messageType: 'SmsReport', messages: 40 },
    { queueName: 'b', messageType: 'SmsReport', messages: 0 },
    { queueName: 'c', messageType: 'SmsReport', messages: 3 },
  ]);
  expect(new Set(got).size).toBe(43);
});

test('counts what was taken, also when it ends with an error', async () => {
  let room = 20;
  const onMessages = async (messages: readonly ReceivedMessage[]) => {
    if (room === 0) throw new Error('the disk is full');
    const taken = Math.min(room, messages.length);
    room -= taken;
    return taken;
  };
  const { pull } = pulling([FakeQueue.of('a', 40), FakeQueue.of('b', 0)], { onMessages });
  await expect(pull.run()).rejects.toThrow('the disk is full');
  expect(pull.outcomes).toEqual([
    { queueName: 'a', messageType: 'SmsReport', messages: 20 },
    { queueName: 'b', messageType: 'SmsReport', messages: 0 },
  ]);
});

test.each([1, 15, 16, 17, 100])(
  'takes no more than %i over all queues, and asks for no more',
  async (max) => {
    const queues = [FakeQueue.of('a', 200), FakeQueue.of('b', 200), FakeQueue.of('c', 0)];
    const { pull, got } = pulling(queues, { max });
    await pull.run();
    expect(got).toHaveLength(max);
    expect(queues.reduce((sum, { content }) => sum + content.length, 0)).toBe(400 - max);
  },
);

test('what an empty queue has reserved goes to the others', async () => {
  const full = FakeQueue.of('full', 30);
  const { pull, got } = pulling([FakeQueue.of('empty', 0), full], { max: 20 });
  await pull.run();
  expect(got).toHaveLength(20);
});

test('a message that comes again is written once, and its newest handle counts', async () => {
  const again = received('a', { receiptHandle: 'newer' });
  const queue = new FakeQueue('q', [
    received('a'),
    new MnsTransientError('reset', details('ECONNRESET')),
    again,
    received('b'),
  ]);
  const { pull, got } = pulling([queue]);
  await pull.run();
  expect(got).toEqual(['a', 'b']);
  expect(await pull.release(new AbortController().signal)).toEqual({ released: 2, hidden: 0 });
  expect(queue.released).toEqual(['newer', 'handle of b']);
});

test('a queue that has gone round is at its end', async () => {
  let asked = 0;
  const queue: PullQueue = {
    queueName: 'q',
    messageType: 'SmsReport',
    receive: async () => {
      asked += 1;
      return [received('a'), received('b')];
    },
    release: async () => {},
  };
  const { pull, got } = pulling([queue]);
  await pull.run();
  expect(got).toEqual(['a', 'b']);
  expect(asked).toBe(2);
});

describe('errors', () => {
  test('that pass are tried again and forgotten', async () => {
    const flaky = new FakeQueue('q', [new MnsTransientError('reset', details('ECONNRESET')), received('a')]);
    const { pull, got } = pulling([flaky]);
    expect(await pull.run()).toEqual([{ queueName: 'q', messageType: 'SmsReport', messages: 1 }]);
    expect(got).toEqual(['a']);
  });

  test('that stay end their queue, not the others', async () => {
    const gone = new FakeQueue('gone', [new MnsFatalError('no such queue', details('QueueNotExist'))]);
    const { pull, got } = pulling([gone, FakeQueue.of('b', 20)]);
    const [first, second] = await pull.run();
    expect(first).toMatchObject({ messages: 0, problem: { code: 'QueueNotExist' } });
    expect(second).toMatchObject({ messages: 20 });
    expect(second).not.toHaveProperty('problem');
    expect(got).toHaveLength(20);
  });

  test('of usage and of writing end all of it', async () => {
    const endless: PullQueue = {
      queueName: 'endless',
      messageType: 'SmsReport',
      receive: async () => {
        await new Promise(setImmediate);
        return [received(String(Math.random()))];
      },
      release: async () => {},
    };
    const wrong = new FakeQueue('q', [new UsageError('CREDENTIALS_MISSING', 'no credentials')]);
    await expect(pulling<PullQueue>([wrong, endless], { max: 1e9 }).pull.run()).rejects.toThrow(
      'no credentials',
    );
    const onMessages = () => Promise.reject(new Error('the disk is full'));
    await expect(pulling([endless], { onMessages }).pull.run()).rejects.toThrow('the disk is full');
  });

  test('an answer that never comes is named when time is over', async () => {
    const cut = new AbortController();
    const mute: PullQueue = {
      queueName: 'mute',
      messageType: 'SmsReport',
      receive: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
      release: async () => {},
    };
    const { pull } = pulling([mute], { ends: cut.signal, cut: cut.signal });
    const outcome = pull.run();
    await new Promise(setImmediate);
    cut.abort();
    expect(await outcome).toMatchObject([{ problem: { message: 'mute: MNS has not answered in time' } }]);
  });
});

test('receives nothing more once it is to end, and keeps what is on its way', async () => {
  const ends = new AbortController();
  const queue = FakeQueue.of('q', 100);
  const { pull, got } = pulling([queue], { ends: ends.signal });
  const outcome = pull.run();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  ends.abort();
  await outcome;
  expect(got).toHaveLength(100 - queue.content.length);
  expect(queue.content.length).toBeGreaterThan(0);
});

describe('giving back', () => {
  test('leaves alone what is visible already, and counts what cannot be given back', async () => {
    const now = Date.now();
    const queue = new FakeQueue('q', [
      received('visible', { visibleUntil: now + 100 }),
      received('expired'),
      received('refused'),
      received('fine'),
    ]);
    queue.release = async (handle) => {
      const change = { ...details('MessageNotExist'), operation: 'ChangeMessageVisibility' as const };
      if (handle.endsWith('expired')) throw new MnsHandleError('expired', change);
      if (handle.endsWith('refused')) throw new MnsTransientError('reset', change);
      queue.released.push(handle);
    };
    const { pull } = pulling([queue]);
    await pull.run();
    expect(await pull.release(new AbortController().signal)).toEqual({ released: 2, hidden: 1 });
    expect(queue.released).toEqual(['handle of fine']);
  });

  test('is done several at a time, and stops when its time is over', async () => {
    const queue = FakeQueue.of('q', 100);
    const time = new AbortController();
    let open = 0;
    let most = 0;
    queue.release = async (handle) => {
      most = Math.max(most, ++open);
      await new Promise(setImmediate);
      open -= 1;
      queue.released.push(handle);
      if (queue.released.length === 40) time.abort();
    };
    const { pull } = pulling([queue]);
    await pull.run();
    const { released, hidden } = await pull.release(time.signal);
    expect(most).toBe(16);
    expect(released + hidden).toBe(100);
    expect(released).toBe(queue.released.length);
    expect(released).toBeLessThan(60);
  });
});
