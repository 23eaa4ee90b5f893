/** Are the two services there: name, connection, certificate, answer; and what they say about the clock. */
import type { Config } from '../config/index.js';
import { type Finding, fail, ok, skip, warn } from '../finding.js';
import { ReachError, type Reached, reach } from '../reach.js';
import type { Check } from './run-checks.js';

export type Endpoint = 'dybaseapi' | 'mns';

const DAY_MS = 24 * 3_600_000;
const CERTIFICATE_SOON_MS = 14 * DAY_MS;

/** ms of difference between the clocks. Below the first nobody would notice, as the services tell whole seconds. */
const NOTICEABLE_MS = 5_000;
/** Receivers that check Standard Webhooks signatures refuse older or newer ones. */
const SIGNATURES_MS = 5 * 60_000;
/** Both services refuse requests from 15 minutes on. */
const REFUSED_MS = 14 * 60_000;

const PROXIES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'];

/** @param reached gets what each endpoint that answered said */
export function endpointChecks(
  config: Config,
  env: NodeJS.ProcessEnv,
  reached: Map<Endpoint, Reached>,
): Check[] {
  const check = (name: Endpoint): Check => ({
    name,
    run: async (signal) => {
      const url = new URL(config.endpoints[name]);
      try {
        const found = await reach({ url, method: 'GET', signal });
        reached.set(name, found);
        return described(url, found);
      } catch (error) {
        if (!(error instanceof ReachError)) throw error;
        return fail(`${url.origin}: ${error.message}`, adviceOn(error, name, env));
      }
    },
  });
  return [check('dybaseapi'), check('mns')];
}

function described(url: URL, { address, certificate, status }: Reached): Finding {
  const answers = `${url.origin} (${address}) answers`;
  // A service that is in trouble answers so; without a signature it can only refuse, which is a good answer here.
  const trouble = status >= 500 ? ` with HTTP ${status}` : '';
  if (certificate === undefined) {
    const local = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
    if (local) return trouble ? warn(`${answers}${trouble}`) : ok(answers);
    return warn(`${answers}${trouble} without TLS: keys and receipts can be read on the way`, 'use https://');
  }
  const { protocol, issuer, validTo } = certificate;
  const days = Math.floor((validTo - Date.now()) / DAY_MS);
  const found = `${answers}${trouble}, ${protocol}, certificate by ${issuer} good for ${days} days`;
  if (validTo - Date.now() < CERTIFICATE_SOON_MS)
    return warn(found, 'whoever runs the endpoint, or a proxy in between, must renew it');
  return trouble ? warn(found, 'try again later') : ok(found);
}

function adviceOn({ stage }: ReachError, name: Endpoint, env: NodeJS.ProcessEnv): string {
  const proxy = PROXIES.flatMap((key) => [key, key.toLowerCase()]).find((key) => env[key]);
  const direct =
    proxy === undefined ? '' : `; ${proxy} is set, which receiptd does not use: it needs a direct way`;
  switch (stage) {
    case 'dns':
      return `check endpoints.${name}, region and this machine's DNS${direct}`;
    case 'connect':
      return `check endpoints.${name}, firewalls and security groups${direct}`;
    case 'tls':
      return `check endpoints.${name}; if a proxy opens TLS here on purpose, name its authority's PEM file in NODE_EXTRA_CA_CERTS`;
    case 'http':
      return `check endpoints.${name}, and for a proxy in between`;
  }
}

/** Deliveries go on without it, so that nothing of it is a failure. */
export function tracingCheck({ tracing }: Config): Check {
  return {
    name: 'tracing',
    run: async (signal) => {
      const url = new URL(tracing.endpoint);
      try {
        // What would be traced is posted; asking alone leaves nothing there.
        const { status } = await reach({ url, method: 'OPTIONS', signal });
        const found = `${url.origin} answers OPTIONS with HTTP ${status}`;
        return status < 500 ? ok(found) : warn(found, 'spans are dropped while it is in trouble');
      } catch (error) {
        if (!(error instanceof ReachError)) throw error;
        return warn(error.message, 'check tracing.endpoint: spans are dropped, deliveries go on');
      }
    },
  };
}

/** @param reached what {@link endpointChecks} found */
export function clockCheck(config: Config, reached: ReadonlyMap<Endpoint, Reached>): Check {
  return {
    name: 'clock',
    after: ['dybaseapi', 'mns'],
    run: async () => {
      const known = [...reached].flatMap(([name, { ahead }]) => (ahead === undefined ? [] : { name, ahead }));
      const [first, ...others] = known;
      if (first === undefined) return skip('not looked at, as no endpoint told its time');
      const worst = others.reduce((a, b) => (Math.abs(b.ahead) > Math.abs(a.ahead) ? b : a), first);
      const signs = config.sinks.some((sink) => sink.type === 'webhook' && sink.secrets.length > 0);
      return judgeClock(worst.ahead, worst.name, signs);
    },
  };
}

/** @param ahead ms that this machine's clock is ahead of that endpoint's @param signs whether webhooks are signed */
export function judgeClock(ahead: number, endpoint: Endpoint, signs: boolean): Finding {
  const off = Math.abs(ahead);
  if (off <= NOTICEABLE_MS) return ok(`within ${Math.max(1, Math.ceil(off / 1000))} s of ${endpoint}`);
  const found = `this machine's clock is ${Math.round(off / 1000)} s ${ahead > 0 ? 'ahead of' : 'behind'} ${endpoint}`;
  const advice = 'synchronise it (NTP)';
  if (off > REFUSED_MS) return fail(`${found}: requests that are 15 minutes off are refused`, advice);
  if (signs && off > SIGNATURES_MS)
    return warn(
      `${found}: receivers may refuse the signatures of webhooks, which are good for 5 minutes`,
      advice,
    );
  return warn(`${found}: harmless for tokens and deliveries, but log times are wrong`, advice);
}
