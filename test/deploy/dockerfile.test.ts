import { existsSync, readFileSync } from 'node:fs';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { argument, command, copied, stages, steps, text } from './dockerfile.js';

const of = (keyword: string) => steps.filter((step) => step.keyword === keyword);

describe('the Dockerfile', () => {
  it('has nothing for a linter to say', () => {
    expect(validate(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
  });

  it('names its base image by a whole version, of a Node.js that the package takes and a Debian', () => {
    expect(argument('NODE')).toMatch(/^24\.\d+\.\d+-bookworm-slim$/);
    for (const { words } of of('FROM')) expect(words[0]).toMatch(/^node:\$\{NODE\}$/);
  });

  it('installs exactly what the lock file says, and runs nothing that was fetched', () => {
    const installs = of('RUN').filter(({ rest }) => /\bnpm (ci|i|install|prune)\b/.test(rest));
    expect(installs.map(({ rest }) => rest)).toEqual([
      expect.stringMatching(/\bnpm ci --ignore-scripts$/),
      expect.stringMatching(/\bnpm prune --omit=dev --ignore-scripts\b/),
    ]);
  });

  it('leaves no package lists behind', () => {
    for (const { rest } of of('RUN').filter(({ rest }) => rest.includes('apt-get install')))
      expect(rest).toMatch(
        /^apt-get update[\s\S]* --no-install-recommends [\s\S]*rm -rf \/var\/lib\/apt\/lists\/\*$/,
      );
  });

  it('copies only what is there, and has a context of nothing else', () => {
    const sources = of('COPY')
      .filter(({ flags }) => flags.from === undefined)
      .flatMap((step) => copied(step).sources);
    for (const source of sources) expect(existsSync(source), source).toBe(true);
    const [all, ...admitted] = readFileSync('.dockerignore', 'utf8').trim().split('\n');
    expect(all).toBe('*');
    expect(admitted.toSorted()).toEqual(sources.map((source) => `!${source}`).toSorted());
  });

  it('ends as a user without privileges, by number, as Kubernetes wants to see', () => {
    expect(
      stages()
        .at(-1)
        ?.steps.findLast(({ keyword }) => keyword === 'USER')?.words,
    ).toEqual(['1000:1000']);
  });

  it('passes signals on, buries orphans, and runs any command of receiptd', () => {
    expect(command('ENTRYPOINT')).toEqual(['tini', '--', 'receiptd']);
    expect(command('CMD')).toEqual(['run']);
    expect(command('HEALTHCHECK')).toEqual(['receiptd', 'status']);
  });

  it('says what it is in the labels of the Open Container Initiative', () => {
    const labels = of('LABEL').flatMap(({ words }) => words);
    const { license, description } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
      string,
      string
    >;
    expect(labels).toContain(`org.opencontainers.image.licenses=${license}`);
    expect(labels).toContain('org.opencontainers.image.title=receiptd');
    expect(description?.startsWith('Drains Alibaba Cloud Communications receipts')).toBe(true);
  });
});
