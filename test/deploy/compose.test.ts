import { existsSync, readFileSync } from 'node:fs';
import { DCLinter } from 'dclint';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/index.js';

interface Service {
  image: string;
  command?: string[];
  profiles?: string[];
  environment?: Record<string, string>;
  volumes?: string[];
  secrets?: string[];
  ports?: string[];
  stop_grace_period?: string;
  read_only?: boolean;
  cap_drop?: string[];
}
/** The linter's own types are lost on the compiler. */
interface Finding {
  rule: string;
  line: number;
  message: string;
}
interface Compose {
  services: Record<'redis' | 'receiptd' | 'prometheus' | 'grafana', Service>;
  volumes: Record<string, null>;
  secrets: Record<string, { file: string }>;
}

const read = (path: string): unknown => parse(readFileSync(`deploy/${path}`, 'utf8'));
const compose = read('docker-compose.yml') as Compose;
const { redis, receiptd, prometheus, grafana } = compose.services;

describe('deploy/docker-compose.yml', () => {
  it('is what the compose specification asks for, and has nothing for a linter to say', () => {
    // Order is the reader's: what matters first. The image has a name because others may pull what one has built.
    const rules = {
      'no-build-and-image': 0,
      'services-alphabetical-order': 0,
      'service-keys-order': 0,
      'top-level-properties-order': 0,
    } as const;
    const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] });
    const found = linter.lintFiles(['deploy/docker-compose.yml'], false) as { messages: Finding[] }[];
    expect(found).toHaveLength(1);
    expect(found[0]?.messages.map(({ rule, line, message }) => `${line}: ${message} (${rule})`)).toEqual([]);
  });

  it('has a Redis that keeps and never drops what waits in it', () => {
    const { command = [] } = redis;
    const set = (name: string) => command[command.indexOf(`--${name}`) + 1];
    expect([set('appendonly'), set('maxmemory-policy'), set('appendfsync')]).toEqual([
      'yes',
      'noeviction',
      'everysec',
    ]);
    expect(redis.volumes).toEqual(['redis:/data']);
  });

  it('starts Prometheus and Grafana only when asked to', () => {
    for (const { profiles } of [prometheus, grafana]) expect(profiles).toEqual(['monitoring']);
    for (const { profiles } of [redis, receiptd]) expect(profiles).toBeUndefined();
  });

  it('names its images by version, shows ports to this machine only, and gives no privileges', () => {
    for (const [name, { image, ports = [], cap_drop }] of Object.entries(compose.services)) {
      if (name !== 'receiptd') expect(image, name).toMatch(/:v?\d+\.\d+/);
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/);
      expect(cap_drop, name).toEqual(['ALL']);
    }
  });

  it('mounts only what is there or what it tells to make', () => {
    const made = ['./secrets/ops_token', './secrets/ops_viewer_token', '${RECEIPTD_CONFIG_FILE'];
    for (const { volumes = [], secrets = [] } of Object.values(compose.services)) {
      for (const secret of secrets) expect(made).toContain(compose.secrets[secret]?.file);
      for (const volume of volumes) {
        const [source = ''] = volume.split(':');
        if (made.includes(source)) continue;
        if (source.startsWith('./')) expect(existsSync(`deploy/${source}`), source).toBe(true);
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
    }
  });

  it('waits longer for receiptd than that takes to drain', () => {
    const { shutdown } = parse(readFileSync('deploy/receiptd.example.yaml', 'utf8')) as {
      shutdown?: { timeout: number };
    };
    const seconds = Number(/^(\d+)s$/.exec(receiptd.stop_grace_period ?? '')?.[1]);
    expect(seconds * 1000).toBeGreaterThan(shutdown?.timeout ?? 25_000);
  });

  it('gives receiptd a configuration that it accepts', () => {
    const env = Object.fromEntries(
      Object.entries(receiptd.environment ?? {})
        .filter(([name]) => name.startsWith('RECEIPTD_') && name !== 'RECEIPTD_CONFIG')
        // What the secrets come to.
        .map(([name, value]) =>
          name.endsWith('_FILE')
            ? [name.slice(0, -'_FILE'.length), `0123456789 of ${value}`.replaceAll(' ', '-')]
            : [name, value],
        ),
    );
    const { config } = loadConfig({ file: 'deploy/receiptd.example.yaml', env, cwd: process.cwd() });
    expect(config.pipeline).toMatchObject({ backend: 'redis', url: 'redis://redis:6379' });
    expect(config.ops).toMatchObject({ host: '0.0.0.0', port: 8090 });
  });
});

describe('Prometheus and Grafana', () => {
  it('have Prometheus scrape receiptd with the read-only token, and load the alerts', () => {
    const config = read('prometheus/prometheus.yml') as {
      rule_files: string[];
      scrape_configs: { job_name: string; authorization?: { credentials_file: string } }[];
    };
    const mounts = (prometheus.volumes ?? []).map((volume) => volume.split(':')[1]);
    for (const file of config.rule_files) expect(mounts).toContain(file);
    const { authorization } = config.scrape_configs.find(({ job_name }) => job_name === 'receiptd') ?? {};
    expect(authorization?.credentials_file).toBe('/run/secrets/ops_viewer_token');
    expect(prometheus.secrets).toEqual(['ops_viewer_token']);
  });

  it('have Grafana find its Prometheus and the dashboard', () => {
    const { datasources } = read('grafana/provisioning/datasources/prometheus.yaml') as {
      datasources: { uid: string; url: string }[];
    };
    expect(datasources[0]?.url).toBe('http://prometheus:9090');
    const { providers } = read('grafana/provisioning/dashboards/receiptd.yaml') as {
      providers: { options: { path: string } }[];
    };
    const mounts = (grafana.volumes ?? []).map((volume) => volume.split(':')[1]);
    expect(mounts).toContain(`${providers[0]?.options.path}/receiptd.json`);
    expect(grafana.environment?.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH).toBe(
      `${providers[0]?.options.path}/receiptd.json`,
    );
  });
});
