import { describe, expect, it } from 'vitest';
import { HEAD, load, refused } from './helpers.js';

const REDIS = 'pipeline: { backend: redis, url: "redis://localhost" }\n';

describe('role', () => {
  it('is all unless it says otherwise', () => {
    expect(load(HEAD).config.role).toBe('all');
    expect(load(`${HEAD}${REDIS}role: poll\n`).config.role).toBe('poll');
    expect(load(`${HEAD}${REDIS}role: poll\n`, { RECEIPTD_ROLE: 'deliver' }).config.role).toBe('deliver');
  });

  it.each(['poll', 'deliver'])('%s needs a store that others share', (role) => {
    expect(refused(() => load(`${HEAD}role: ${role}\n`))).toEqual([
      `role: ${role} needs a store that other processes share: set pipeline.backend to redis or postgres, or leave role at all (receiptd.yaml:3)`,
    ]);
  });

  it('is one of three', () => {
    expect(refused(() => load(`${HEAD}role: fetch\n`))).toEqual([
      'role: must be all or poll or deliver, got "fetch" (receiptd.yaml:3)',
    ]);
  });

  it('does not change what a sink must take: the file is the same for all', () => {
    const sinks = 'sinks: [{ type: ndjson, path: "-", types: [SmsUp] }]\n';
    expect(refused(() => load(`${HEAD}${REDIS}${sinks}role: poll\n`))).toEqual([
      expect.stringMatching(/^queues\[0\]\.messageType: is SmsReport, which no sink takes/),
    ]);
  });
});
