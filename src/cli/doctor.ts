/** `receiptd doctor`: looks at everything the configuration leads to, one line each with what to do. */
import { styleText } from 'node:util';
import { Command } from 'commander';
import { type Config, ConfigError, type LoadedConfig, loadConfig } from '../config/index.js';
import { type CheckResult, checksOf, runChecks } from '../doctor/index.js';
import { type Finding, fail, ok } from '../finding.js';

interface Options {
  config?: string;
  json?: boolean;
}

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red', skip: 'gray' } as const;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'check configuration, clock, endpoints, tokens, queues, store, sinks and disk; exit code 1 when a check fails',
    )
    .option(
      '-c, --config <file>',
      'configuration file (default: $RECEIPTD_CONFIG, receiptd.yaml, config/receiptd.yaml)',
    )
    .option('--json', 'as one JSON object')
    .action(async (options: Options) => {
      const loaded = load(options);
      const checks = loaded instanceof ConfigError ? [] : checksOf(loaded.config, process.env);
      const width = Math.max(...['config', ...checks.map(({ name }) => name)].map(({ length }) => length));
      const say = (result: CheckResult) => {
        if (!options.json) process.stdout.write(line(result, width));
      };
      const first =
        loaded instanceof ConfigError
          ? loaded.lines.map((text) => about(fail(text)))
          : [about(ok(summary(loaded)))];
      first.forEach(say);
      const results = [...first, ...(await runChecks(checks, say))];
      const failed = results.some(({ status }) => status === 'fail');
      const text = options.json ? `${JSON.stringify({ ok: !failed, checks: results }, null, 2)}\n` : '';
      const code = loaded instanceof ConfigError ? 2 : failed ? 1 : 0;
      // What was left behind, a module's own timers among it, would keep the process.
      process.stdout.write(text, () => process.exit(code));
    });
}

function load({ config: file }: Options): LoadedConfig | ConfigError {
  try {
    return loadConfig({ file, env: process.env, cwd: process.cwd() });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

function about(finding: Finding): CheckResult {
  return { name: 'config', ms: 0, ...finding };
}

function summary({ config, file }: LoadedConfig): string {
  const { queues, sinks, pipeline }: Config = config;
  return `${file ?? 'environment'}: ${queues.length} queue(s), ${sinks.length} sink(s), backend ${pipeline.backend}`;
}

function line({ name, status, found, advice }: CheckResult, width: number): string {
  const word = status.padEnd(4);
  const coloured = process.stdout.isTTY && !process.env.NO_COLOR ? styleText(COLOURS[status], word) : word;
  return `${coloured}  ${name.padEnd(width)}  ${found}${advice === undefined ? '' : `: ${advice}`}\n`;
}
