import { describe, expect, test } from 'vitest';
import {
  addHistogram,
  BUCKETS,
  emptyHistogram,
  histogramSince,
  observe,
  quantile,
} from '../src/histogram.js';

function of(...seconds: number[]) {
  const histogram = emptyHistogram();
  for (const one of seconds) observe(histogram, one);
  return histogram;
}

/** Bound → how many, the empty ones left out. */
function filled({ counts }: ReturnType<typeof of>): Record<string, number> {
  return Object.fromEntries(
    counts.flatMap((count, bucket) => (count > 0 ? [[BUCKETS[bucket] ?? 'more', count]] : [])),
  );
}

test('a bucket has what is at most its bound', () => {
  expect(filled(of(0, 0.005, 0.0051, 1, 86_400, 86_401))).toEqual({
    0.005: 2,
    0.01: 1,
    1: 1,
    86400: 1,
    more: 1,
  });
});

test.each([-5, Number.NaN, Number.NEGATIVE_INFINITY])('%s s is none', (seconds) => {
  expect(of(seconds)).toEqual(of(0));
});

test('the difference of two is what came between, however they were added up', () => {
  const [a, b] = [of(0.2, 3), of(7)];
  const before = emptyHistogram();
  for (const part of [a, b]) addHistogram(before, part);
  observe(a, 0.2, 5);
  observe(b, 100);
  const now = emptyHistogram();
  for (const part of [a, b]) addHistogram(now, part);
  const between = histogramSince(now, before);
  expect(filled(between)).toEqual({ 0.25: 5, 300: 1 });
  expect(between.sum).toBeCloseTo(101);
});

describe('a quantile', () => {
  test('of none is none', () => {
    expect(quantile(emptyHistogram(), 0.5)).toBeUndefined();
  });

  test('is spread evenly within its bucket', () => {
    const histogram = emptyHistogram();
    observe(histogram, 0.2, 100);
    expect(quantile(histogram, 0.5)).toBeCloseTo(0.1 + 0.15 / 2);
    observe(histogram, 4, 100);
    expect(quantile(histogram, 0.5)).toBeCloseTo(0.25);
    expect(quantile(histogram, 0.95)).toBeCloseTo(2.5 + 2.5 * 0.9);
  });

  test('of what took longer than any bucket is the last bound', () => {
    expect(quantile(of(1e9), 0.5)).toBe(86_400);
  });
});
