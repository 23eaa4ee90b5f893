import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Questions } from '../../src/poll/questions.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('each question gets its own answer, in whatever order they come', async () => {
  const questions = new Questions<string>(1_000, 'none');
  const put: number[] = [];
  const asked = [questions.ask((one) => put.push(one)), questions.ask((one) => put.push(one))];
  questions.answer(put[1] ?? 0, 'second');
  questions.answer(put[0] ?? 0, 'first');
  expect(await Promise.all(asked)).toEqual(['first', 'second']);
  expect(vi.getTimerCount()).toBe(0);
});

test('one that is not answered in time gets none, and the late answer is nobody else’s', async () => {
  const questions = new Questions<string>(1_000, 'none');
  let number = 0;
  const asked = questions.ask((one) => {
    number = one;
  });
  vi.advanceTimersByTime(1_000);
  expect(await asked).toBe('none');
  const next = questions.ask(() => questions.answer(number, 'late'));
  questions.close();
  expect(await next).toBe('none');
});

test('once the thread is gone all get none, and nobody is asked any more', async () => {
  const questions = new Questions<string>(1_000, 'none');
  const asked = questions.ask(() => {});
  questions.close();
  expect(await asked).toBe('none');
  const put = vi.fn();
  expect(await questions.ask(put)).toBe('none');
  expect(put).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});
