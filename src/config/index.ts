/** The configuration room: where settings come from, what they may be, and how they are shown. */
export { ConfigError, type ConfigIssue } from './error.js';
export { configJsonSchema } from './keys.js';
export { type LoadedConfig, type LoadOptions, loadConfig, parseConfig } from './load.js';
export { nearest } from './nearest.js';
export { redact } from './redact.js';
export { planReload, type ReloadPlan } from './reload.js';
export type { Config, ConfigInput, QueueConfig, Role, SinkConfig } from './schema.js';
export { sinkName, sinkPlace } from './sinks/index.js';
