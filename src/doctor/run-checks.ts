/**
 * Runs checks side by side, a few at a time: each as soon as those it needs have gone well, within its own time. None can
 * spoil another: what is thrown is a finding like any other, and one that does not end is left behind.
 */
import { describeError } from '../errors.js';
import { type Finding, fail, skip } from '../finding.js';

export interface Check {
  /** Unique. */
  name: string;
  /** Names of earlier checks without which this one makes no sense: it is skipped unless they went well. */
  needs?: readonly string[];
  /** Names of earlier checks that are waited for, whatever comes of them. */
  after?: readonly string[];
  /** ms. @default 10000 */
  limit?: number;
  run(signal: AbortSignal): Promise<Finding>;
}

export interface CheckResult extends Finding {
  name: string;
  /** ms that it took */
  ms: number;
}

const LIMIT_MS = 10_000;
const AT_A_TIME = 8;

/**
 * @param onResult told each result in the order of the checks, as soon as it and all before it are there
 * @returns all of them in that order
 */
export async function runChecks(
  checks: readonly Check[],
  onResult: (result: CheckResult) => void = () => {},
): Promise<CheckResult[]> {
  const running = new Map<string, Promise<CheckResult>>();
  const turn = turns(AT_A_TIME);
  for (const check of checks) {
    const before = [...(check.needs ?? []), ...(check.after ?? [])].map((name) => running.get(name));
    running.set(
      check.name,
      Promise.all(before).then((earlier) => {
        const missing = earlier.find(
          (one) => one && check.needs?.includes(one.name) && (one.status === 'fail' || one.status === 'skip'),
        );
        if (missing)
          return { name: check.name, ms: 0, ...skip(`not looked at, as it needs ${missing.name}`) };
        return turn(() => timed(check));
      }),
    );
  }
  const results: CheckResult[] = [];
  for (const result of running.values()) {
    results.push(await result);
    onResult(await result);
  }
  return results;
}

async function timed({ name, limit = LIMIT_MS, run }: Check): Promise<CheckResult> {
  const startedAt = performance.now();
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => {
      resolve(
        fail(`no result within ${limit / 1000} s`, 'try again; a firewall that drops packets looks so too'),
      );
      late.abort(new Error('too late'));
    }, limit);
  });
  const looking = run(late.signal).catch((error: unknown) => fail(describeError(error)));
  const finding = await Promise.race([looking, tooLate]);
  clearTimeout(timer);
  return { name, ms: Math.round(performance.now() - startedAt), ...finding };
}

function turns(most: number): <T>(act: () => Promise<T>) => Promise<T> {
  let free = most;
  const waiting: (() => void)[] = [];
  return async (act) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
