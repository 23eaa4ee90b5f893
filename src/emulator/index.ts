/** The emulator's surface, published as `receiptd/emulator`: everything else in this folder is its own business. */
export type { QueueAttributes } from './attributes.js';
export { type Emulator, type EmulatorOptions, type SendOptions, startEmulator } from './emulator.js';
export { type FaultFile, readFaultFile } from './fault-file.js';
export { FAULT_GRAMMAR, type FaultEffect, type FaultRule, parseFaultRule } from './fault-rule.js';
export type { Fault, FaultReport } from './fault-rules.js';
export {
  type GenerateOptions,
  type GenerateTarget,
  type Generating,
  type GeneratorTime,
  MAX_RATE,
  queueNameOf,
  startGenerating,
  typeOfSample,
} from './generator.js';
export { type LoadOptions, type LoadTarget, loadFile } from './load.js';
export type { MessageView } from './message.js';
export type { Operation } from './operations.js';
export type { QueueCounters, QueueOptions, QueueView } from './queue-view.js';
export { SAMPLE_TYPES, SAMPLE_VARIANTS, sampleReceipt } from './samples/index.js';
export type { Settings } from './settings.js';
export type { EmulatorStats } from './stats.js';
