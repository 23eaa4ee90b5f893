import { describe, expect, it } from 'vitest';
import { type Check, type CheckResult, runChecks } from '../../src/doctor/run-checks.js';
import { fail, ok, warn } from '../../src/finding.js';

const of = (results: readonly CheckResult[]) =>
  Object.fromEntries(results.map(({ name, status, found }) => [name, `${status} ${found}`]));

function check(name: string, finding = ok('well'), more: Partial<Check> = {}): Check {
  return { name, run: async () => finding, ...more };
}

describe('runChecks', () => {
  it('skips what needs a check that failed, or was skipped, and says which', async () => {
    const results = await runChecks([
      check('a', fail('broken')),
      check('b', ok('well'), { needs: ['a'] }),
      check('c', ok('well'), { needs: ['b'] }),
      check('d', warn('odd')),
      check('e', ok('well'), { needs: ['d'], after: ['a'] }),
    ]);
    expect(of(results)).toEqual({
      a: 'fail broken',
      b: 'skip not looked at, as it needs a',
      c: 'skip not looked at, as it needs b',
      d: 'warn odd',
      e: 'ok well',
    });
  });

  it('tells results in the order of the checks, each as soon as it can', async () => {
    let finish = () => {};
    const slow = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const told: string[] = [];
    const running = runChecks(
      [
        check('a'),
        { name: 'b', run: () => slow.then(() => ok('late')) },
        {
          name: 'c',
          run: async () => {
            finish();
            return ok('early');
          },
        },
      ],
      ({ name }) => told.push(name),
    );
    await running;
    expect(told).toEqual(['a', 'b', 'c']);
  });

  it('takes what is thrown for a failure, in one line', async () => {
    const throws = async () => {
      throw new Error('first\n  second');
    };
    expect(of(await runChecks([{ name: 'a', run: throws }, check('b')]))).toEqual({
      a: 'fail first second',
      b: 'ok well',
    });
  });

  it('leaves a check behind that does not end, and tells it so', async () => {
    let told: unknown;
    const hangs: Check['run'] = (signal) =>
      new Promise(() => signal.addEventListener('abort', () => (told = signal.reason)));
    const results = await runChecks([{ name: 'a', limit: 20, run: hangs }, check('b')]);
    expect(of(results)).toEqual({ a: 'fail no result within 0.02 s', b: 'ok well' });
    expect(told).toBeInstanceOf(Error);
  });

  it('runs a few at a time', async () => {
    let running = 0;
    let most = 0;
    const run = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return ok('well');
    };
    const results = await runChecks(Array.from({ length: 40 }, (_, index) => ({ name: `${index}`, run })));
    expect(results).toHaveLength(40);
    expect(most).toBe(8);
  });
});
