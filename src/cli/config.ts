import { Command } from 'commander';
import { stringify } from 'yaml';
import {
  type Config,
  configJsonSchema,
  type LoadedConfig,
  loadConfig,
  redact,
  sinkPlace,
} from '../config/index.js';

/** `receiptd config`: what the daemon would run with, without running it. Never prints a secret. */
export function configCommand(): Command {
  const command = new Command('config').description('check or show the configuration');
  const add = (name: string, description: string, text: (options: { config?: string }) => string) =>
    command
      .command(name)
      .description(description)
      .option(
        '-c, --config <file>',
        'configuration file (default: $RECEIPTD_CONFIG, receiptd.yaml, config/receiptd.yaml)',
      )
      .action((options: { config?: string }) => {
        process.stdout.write(text(options));
      });
  add('check', 'check the file and the environment, report everything that is wrong', (options) =>
    summary(load(options)),
  );
  add('print', 'print the configuration in effect as YAML, secrets hidden', (options) =>
    stringify(redact(load(options).config)),
  );
  add('schema', 'print the JSON Schema of the file', () => `${JSON.stringify(configJsonSchema, null, 2)}\n`);
  return command;
}

function load({ config: file }: { config?: string }): LoadedConfig {
  return loadConfig({ file, env: process.env, cwd: process.cwd() });
}

function summary({ config, file }: LoadedConfig): string {
  const rows = [
    ...config.queues.map((queue) => ['queue', `${queue.queueName} (${queue.messageType})`]),
    ['backend', backend(redact(config))],
    ...config.sinks.map((sink) => [
      'sink',
      `${sink.type} ${sinkPlace(sink)}${sink.types ? ` (${sink.types.join(', ')})` : ''}`,
    ]),
  ];
  return [
    `${file ?? 'environment'}: ok`,
    ...rows.map(([name = '', text]) => `  ${name.padEnd(8)} ${text}`),
    '',
  ].join('\n');
}

function backend({ pipeline }: Config): string {
  return `${pipeline.backend} ${pipeline.backend === 'embedded' ? pipeline.dataDir : pipeline.url}`;
}
