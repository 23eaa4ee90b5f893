/** The emulator's surface, published as `receiptd/emulator`: everything else in this folder is its own business. */
export type { QueueAttributes } from './attributes.js';
export { type Emulator, type EmulatorOptions, type Operation, startEmulator } from './emulator.js';
export type { Fault } from './faults.js';
export { type LoadOptions, loadFile } from './load.js';
export type { Message } from './message.js';
export type { QueueCounters, QueueOptions, QueueView } from './queue.js';
export { SAMPLE_TYPES, sampleReceipt } from './samples.js';
export type { EmulatorStats } from './stats.js';
