import { beforeEach, expect, test } from 'vitest';
import {
  type IssuedToken,
  type QueueToken,
  TokenAuthError,
  TokenKeeper,
  TokenStoppedError,
  TokenTransientError,
} from '../../src/token/index.js';
import { FakeClock, settle } from './fake-clock.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** The token service, as a test wants it: what it answers, when it was asked, how many calls were open at once. */
class Service {
  readonly asked: number[] = [];
  life = HOUR;
  error: Error | undefined;
  /** When set, answers wait for `release`. */
  held = false;
  open = 0;
  mostOpen = 0;
  readonly #clock: FakeClock;
  #releases: (() => void)[] = [];

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  query = async (): Promise<IssuedToken> => {
    this.asked.push(this.#clock.now() - 5_000);
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    if (this.held) await new Promise<void>((resolve) => this.#releases.push(resolve));
    this.open -= 1;
    if (this.error) throw this.error;
    return {
      accessKeyId: `STS.${this.asked.length}`,
      accessKeySecret: 's',
      securityToken: 't',
      life: this.life,
    };
  };

  release(): void {
    for (const release of this.#releases.splice(0)) release();
  }

  /** ms between the calls. */
  get pauses(): number[] {
    return this.asked.slice(1).map((at, index) => Math.round(at - (this.asked[index] ?? 0)));
  }
}

let clock: FakeClock;
let service: Service;
let tokens: QueueToken[];
let errors: { error: unknown; tokenStillGood: boolean }[];

/** @param random what every throw of the dice gives */
function keep(random = 0): TokenKeeper {
  return new TokenKeeper({
    query: service.query,
    onToken: (token) => tokens.push(token),
    onError: (error, { tokenStillGood }) => errors.push({ error, tokenStillGood }),
    clock,
    random: () => random,
  });
}

const transient = () => new TokenTransientError('ECONNREFUSED', 'cannot reach it');
const auth = () => new TokenAuthError('InvalidAccessKeyId.NotFound', 'wrong key');

beforeEach(() => {
  clock = new FakeClock();
  service = new Service(clock);
  tokens = [];
  errors = [];
});

test('the first token: ready, current, told, described', async () => {
  const keeper = keep();
  expect(keeper.current()).toBeUndefined();
  expect(keeper.status()).toEqual({ refreshes: 0, failures: 0 });
  const ready = keeper.ready();
  keeper.start();
  keeper.start();
  const token = await ready;
  expect(token).toMatchObject({ accessKeyId: 'STS.1', securityToken: 't', version: 1, life: HOUR });
  expect(keeper.current()).toBe(token);
  expect(tokens).toEqual([token]);
  expect(await keeper.ready()).toBe(token);
  expect(Math.abs(token.expiresAt - Date.now() - HOUR)).toBeLessThan(5_000);
  const status = keeper.status();
  expect(status).toMatchObject({ expiresInMs: HOUR, refreshes: 1, failures: 0 });
  expect(Math.abs((status.refreshAtMs ?? 0) - Date.now() - 58 * MINUTE)).toBeLessThan(5_000);
  expect(service.asked).toHaveLength(1);
});

test.each([
  ['an hour, no jitter', HOUR, 0, 58 * MINUTE],
  ['an hour, all the jitter', HOUR, 1, 57 * MINUTE],
  ['eight seconds, no jitter', 8_000, 0, 6_400],
  ['eight seconds, all the jitter', 8_000, 1, 5_600],
])('refreshes early: a life of %s', async (_name, life, random, at) => {
  service.life = life;
  keep(random).start();
  await clock.advance(at - 1);
  expect(service.asked).toHaveLength(1);
  await clock.advance(1);
  expect(service.asked).toHaveLength(2);
  expect(tokens.map((token) => token.version)).toEqual([1, 2]);
});

test('life counts from the question, not from the answer', async () => {
  service.life = 10 * MINUTE;
  service.held = true;
  const keeper = keep();
  keeper.start();
  await clock.advance(4 * MINUTE);
  service.release();
  await settle();
  expect(keeper.status().expiresInMs).toBe(6 * MINUTE);
});

test('a failing refresh is retried while the old token lives, and costs nothing', async () => {
  service.life = 8_000;
  const keeper = keep(1);
  keeper.start();
  await clock.advance(5_000);
  service.error = transient();
  await clock.advance(2_900);
  expect(errors.length).toBeGreaterThanOrEqual(4);
  expect(errors.every(({ tokenStillGood }) => tokenStillGood)).toBe(true);
  expect(Math.min(...service.pauses)).toBeGreaterThanOrEqual(200);
  expect(keeper.status()).toMatchObject({ lastError: 'cannot reach it', failures: errors.length });
  service.error = undefined;
  await clock.advance(1_000);
  expect(tokens.map((token) => token.version)).toEqual([1, 2]);
  expect(keeper.status()).not.toHaveProperty('lastError');
});

test('a long outage: backoff while the token lives, then every 30 s, and recovery', async () => {
  const keeper = keep(1);
  keeper.start();
  await clock.advance(30 * MINUTE);
  service.error = transient();
  await clock.advance(30 * MINUTE - 1);
  expect(errors.length).toBeGreaterThan(5);
  expect(errors.length).toBeLessThan(60);
  expect(errors.every(({ tokenStillGood }) => tokenStillGood)).toBe(true);
  const before = errors.length;
  await clock.advance(30 * MINUTE);
  expect(errors.at(-1)?.tokenStillGood).toBe(false);
  expect(errors.length - before).toBeLessThanOrEqual(62);
  expect(service.pauses.at(-1)).toBe(30_000);
  expect(keeper.status().expiresInMs).toBeLessThan(0);
  expect(keeper.current()?.version).toBe(1);
  service.error = undefined;
  await clock.advance(30_000);
  expect(keeper.current()?.version).toBe(2);
});

test('jitter of nothing does not make a hot loop', async () => {
  service.error = transient();
  keep(0).start();
  await clock.advance(10_000);
  expect(errors.length).toBeLessThanOrEqual(51);
});

test('errors that only a person can mend are tried slower', async () => {
  service.error = auth();
  keep(1).start();
  await clock.advance(30 * MINUTE);
  expect(service.pauses.at(-1)).toBe(60_000);
  service.error = new Error('no credentials');
  await clock.advance(2 * MINUTE);
  expect(service.pauses.at(-1)).toBe(60_000);
});

test('ready rejects for what waiting does not mend, and waits for the rest', async () => {
  service.error = transient();
  const keeper = keep();
  const early = keeper.ready();
  keeper.start();
  await clock.advance(5_000);
  service.error = auth();
  const rejected = expect(early).rejects.toThrow('wrong key');
  await clock.advance(5_000);
  await rejected;
  const late = keeper.ready();
  service.error = undefined;
  await clock.advance(60_000);
  expect((await late).version).toBe(1);
});

test('a refused token: one forced refresh for all who report it', async () => {
  const keeper = keep();
  keeper.start();
  await clock.advance(MINUTE);
  service.held = true;
  const waiting = [keeper.refresh(1), keeper.refresh(1)];
  await settle();
  waiting.push(keeper.refresh(1));
  expect(service.asked).toHaveLength(2);
  expect(service.mostOpen).toBe(1);
  service.held = false;
  service.release();
  const [token] = await Promise.all(waiting);
  expect(token?.version).toBe(2);
  expect(await keeper.refresh(1)).toBe(token);
  await clock.advance(MINUTE);
  expect(service.asked).toHaveLength(2);
});

test('a refusal while a refresh is under way waits for that one', async () => {
  const keeper = keep();
  keeper.start();
  await clock.advance(MINUTE);
  service.held = true;
  await clock.advance(58 * MINUTE);
  expect(service.asked).toHaveLength(2);
  const waiting = keeper.refresh(1);
  await settle();
  service.release();
  expect((await waiting).version).toBe(2);
  expect(service.asked).toHaveLength(2);
  expect(service.mostOpen).toBe(1);
});

test('a token of which MNS refuses one after the other: growing pauses up to a minute', async () => {
  const keeper = keep(1);
  const refuseAll = (token: QueueToken): Promise<void> =>
    keeper.refresh(token.version).then(refuseAll, () => {});
  keeper.start();
  void keeper.ready().then(refuseAll);
  await clock.advance(10 * MINUTE);
  expect(service.pauses.slice(0, 9)).toEqual([0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  expect(service.asked.length).toBeLessThan(20);
  keeper.stop();
});

test('a token that worked for long is replaced at once again', async () => {
  const keeper = keep(1);
  keeper.start();
  await settle();
  await keeper.refresh(1);
  await clock.advance(10 * MINUTE);
  await keeper.refresh(2);
  expect(service.pauses).toEqual([0, 10 * MINUTE]);
});

test('a forced pause never puts off the planned refresh', async () => {
  service.life = 1_000;
  const keeper = keep(1);
  keeper.start();
  await settle();
  await keeper.refresh(1);
  const second = keeper.refresh(2);
  await clock.advance(700);
  expect((await second).version).toBe(3);
});

test('a forced refresh that fails is retried, and whoever waits gets its token', async () => {
  const keeper = keep(1);
  keeper.start();
  await clock.advance(MINUTE);
  service.error = auth();
  const waiting = keeper.refresh(1);
  await clock.advance(5_000);
  expect(errors.length).toBeGreaterThan(1);
  expect(errors.every(({ tokenStillGood }) => !tokenStillGood)).toBe(true);
  service.error = undefined;
  await clock.advance(MINUTE);
  expect((await waiting).version).toBe(2);
});

test('stop ends everything, also an answer that is still to come', async () => {
  const keeper = keep();
  service.held = true;
  keeper.start();
  const waiting = keeper.ready();
  keeper.stop();
  await expect(waiting).rejects.toThrow(TokenStoppedError);
  service.release();
  await settle();
  expect(tokens).toEqual([]);
  expect(clock.pending).toBe(0);
  await expect(keeper.ready()).rejects.toThrow(TokenStoppedError);
  await expect(keeper.refresh(1)).rejects.toThrow(TokenStoppedError);
  keeper.start();
  expect(service.asked).toHaveLength(1);
});

test('a life of nothing does not make a hot loop', async () => {
  service.life = 1;
  keep().start();
  await clock.advance(10_000);
  expect(service.asked.length).toBeLessThanOrEqual(51);
});
